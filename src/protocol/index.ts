/**
 * The contract between agents and everyone else: MQTT topics, the messages on them, and the states of a command. Pure data:
 * no connection, no clock. Knows nobody but the error catalogue.
 */

export { decode, encode, encodeResult, MESSAGE_LIMIT_BYTES, placesOf } from './codec.js';
export {
  argumentsJsonSchema,
  type CommandFailure,
  type CommandInit,
  type CommandOutcome,
  commandInit,
  commandStatuses,
  isFinal,
} from './command.js';
export { type LabelCounts, type MessageKind, messages, type Payloads, type ResultPrediction } from './messages.js';
export { commandFilter, nameProblem, parseTopic, ROOT, type Topic, topics } from './topics.js';
