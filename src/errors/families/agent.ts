/** The agent: configuration, uplink, commands, broker. */
import type { ErrorEntry } from '../entry.js';

export const agentErrors = {} as const satisfies Record<string, ErrorEntry>;
