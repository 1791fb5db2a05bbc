/** Fitting heads and training. */
import type { ErrorEntry } from '../entry.js';

export const trainingErrors = {
  RESUME_MISMATCH: {
    meaning: 'What an interrupted build left behind belongs to other inputs or options.',
    remedy: 'Repeat the command as it was, or leave --resume out to start anew.',
  },
} as const satisfies Record<string, ErrorEntry>;
