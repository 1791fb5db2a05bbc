/** What the agent says of its board, of itself and of how it does. */
export { agentInfo } from './info.js';
export { Telemetry, type TelemetryOptions } from './telemetry.js';
