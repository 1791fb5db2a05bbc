/** Commands over MQTT: which operations there are, and the state machine with its journal that runs them. */
import { benchmark } from './benchmark.js';
import { configGet } from './config-get.js';
import { configSet } from './config-set.js';
import { deadLettersList } from './dead-letters.js';
import { logsTail } from './logs-tail.js';
import type { Operation } from './operation.js';
import { ping } from './ping.js';
import { profileAuto } from './profile-auto.js';
import { profileSet } from './profile-set.js';
import { restart } from './restart.js';
import { sampleOf } from './sample.js';

export { Commands, type CommandsOptions } from './commands.js';
export { Journal, type JournalEntry } from './journal.js';
export {
  type CommandName,
  HANDED_OVER,
  type Life,
  type Operation,
  type OperationContext,
  operation,
  type Progress,
} from './operation.js';

/** Every operation of an agent with these sources. */
export const operationsOf = (sources: readonly string[]): readonly Operation[] => [
  ping,
  configGet,
  configSet,
  profileSet,
  profileAuto,
  benchmark,
  sampleOf(sources),
  logsTail,
  deadLettersList,
  restart,
];
