/** The agent's side of the MQTT contract: one connection, kept up; results, events and states brought to the broker in order. */
export { readCredentials } from './credentials.js';
export type { IncomingMessage, Published, PublishOptions } from './link.js';
export { SessionCounter } from './session.js';
export { type Announcement, Uplink, type UplinkOptions } from './uplink.js';
