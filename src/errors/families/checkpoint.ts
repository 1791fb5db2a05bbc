/** Reading a checkpoint folder, and fetching one from a hub. */
import type { ErrorEntry } from '../entry.js';

export const checkpointErrors = {} as const satisfies Record<string, ErrorEntry>;
