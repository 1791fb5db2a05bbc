/** Tokenizer files. */
import type { ErrorEntry } from '../entry.js';

export const tokenizerErrors = {} as const satisfies Record<string, ErrorEntry>;
