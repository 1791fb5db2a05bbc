/** Sources of text and their framing. */
import type { ErrorEntry } from '../entry.js';

export const sourceErrors = {
  SOURCE_UNREADABLE: {
    meaning: 'A source of text can never be read as it is named.',
    remedy: 'Check that the path is right, that it is a regular file, and that this user may read it.',
  },
  SOURCE_FAILED: {
    meaning: 'Reading a source failed before its end; what was read until then has been answered.',
    remedy: 'Check the disk or device that it stands on, and read it again.',
  },
} as const satisfies Record<string, ErrorEntry>;
