/** Commands over MQTT: which operations there are, and the state machine with its journal that runs them. */
import { benchmark } from './benchmark.js';
import { configGet } from './config-get.js';
import type { Operation } from './operation.js';
import { ping } from './ping.js';
import { profileAuto } from './profile-auto.js';
import { profileSet } from './profile-set.js';

export { Commands, type CommandsOptions } from './commands.js';
export { Journal } from './journal.js';
export { type Operation, type OperationContext, operation } from './operation.js';

/** Every operation of this agent. */
export const operations: readonly Operation[] = [ping, configGet, profileSet, profileAuto, benchmark];
