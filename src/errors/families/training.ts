/** Fitting heads and training. */
import type { ErrorEntry } from '../entry.js';

export const trainingErrors = {
  RESUME_MISMATCH: {
    meaning: 'What an interrupted build left behind belongs to other inputs or options, or is damaged.',
    remedy: 'Repeat the command as it was, or leave --resume out to start anew.',
  },
  TRAINING_MEMORY: {
    meaning: 'Training needs more memory than it was allowed, even with few texts at once and layers run twice.',
    remedy: 'Allow more with --memory, cut long texts, or use --recipe fast.',
  },
  TRAINING_DIVERGED: {
    meaning:
      'The loss grew to many times that of guessing, or it or its gradient is no finite number: the weights of the step before are kept.',
    remedy: 'Lower the learning rate with --learning-rate: half of it is a good next try.',
  },
} as const satisfies Record<string, ErrorEntry>;
