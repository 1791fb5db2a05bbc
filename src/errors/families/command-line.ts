/** The command line. */
import type { ErrorEntry } from '../entry.js';

export const commandLineErrors = {
  USAGE: {
    meaning: 'The command line is wrong: an unknown option, a missing argument or a value out of its domain.',
    remedy: 'Run the command with --help.',
  },
  INTERRUPTED: {
    meaning: 'A long command was stopped by a signal.',
    remedy: 'Start it again; what was there before is unchanged.',
  },
  OUTPUT_FAILED: {
    meaning: 'Results could not be written to standard output.',
    remedy: 'Check the disk or the program that standard output leads to.',
  },
} as const satisfies Record<string, ErrorEntry>;
