/** Boards: profiles of known ones, and what fits on them. */
import type { ErrorEntry } from '../entry.js';

export const boardErrors = {
  BOARD_UNKNOWN: {
    meaning: 'No board profile has the name that was given.',
    remedy: 'Give a name of docs/boards.md, or the path of a board file of your own.',
  },
  BOARD_UNREADABLE: {
    meaning: 'A board file cannot be read.',
    remedy: 'Give the path of a YAML file that this user may read.',
  },
  BOARD_INVALID: {
    meaning: 'A board file has errors: YAML that does not parse, unknown keys, missing or wrong values.',
    remedy: 'Correct the lines named above; the files in device-profiles are examples.',
  },
  NOTHING_FITS: {
    meaning: 'No profile of the bundle keeps the limits of the board, or those that were asked for.',
    remedy: 'Give it the memory or the time that the message names, or build a bundle with smaller profiles.',
  },
} as const satisfies Record<string, ErrorEntry>;
