/** What waits for the broker, on disk: results, events, telemetry of the time offline, and how far each source was read. */
export { type DeadLetter, DeadLetters } from './dead-letters.js';
export type { Carrier } from './delivery.js';
export { type Answered, Outbox, type OutboxOptions } from './outbox.js';
