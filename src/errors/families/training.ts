/** Fitting heads and training. */
import type { ErrorEntry } from '../entry.js';

export const trainingErrors = {} as const satisfies Record<string, ErrorEntry>;
