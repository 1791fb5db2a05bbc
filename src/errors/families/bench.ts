/** Benchmarks. */
import type { ErrorEntry } from '../entry.js';

export const benchErrors = {
  BENCH_SETUP: {
    meaning: 'Something that a benchmark measures with is not in its place.',
    remedy: 'See docs/benchmarks.md: scripts/bench/setup.sh CHECKPOINT brings the peer and its model.',
  },
  BENCH_DATA: {
    meaning: 'The texts that a benchmark runs on could not be read.',
    remedy: 'Set SNUG_DATA to the folder that holds clinc150/data_full.json.',
  },
  BENCH_FIXTURE: {
    meaning: "A file with a reference library's gradients cannot be read, or belongs to another checkpoint.",
    remedy: 'See docs/training.md for what the file holds; give the checkpoint that it was made from.',
  },
  BENCH_CHILD: {
    meaning: 'A program that a benchmark measures ended before it had answered.',
    remedy: 'The message holds the end of what it said; start it alone to see the rest.',
  },
} as const satisfies Record<string, ErrorEntry>;
