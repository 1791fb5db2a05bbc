/** Sources of text and their framing. */
import type { ErrorEntry } from '../entry.js';

export const sourceErrors = {} as const satisfies Record<string, ErrorEntry>;
