/** Training and evaluation data files. */
import type { ErrorEntry } from '../entry.js';

export const dataErrors = {} as const satisfies Record<string, ErrorEntry>;
