/** Training and evaluation data files. */
import type { ErrorEntry } from '../entry.js';

export const dataErrors = {
  DATA_NOT_READABLE: {
    meaning: 'A data file is not there, may not be read, or is too long.',
    remedy: 'Check the path and its permissions.',
  },
  DATA_EMPTY: {
    meaning: 'A data file has no rows.',
    remedy: 'Give a file with one row a line: text TAB label, CSV with a header, or JSON lines.',
  },
  DATA_ENCODING: {
    meaning: 'A data file is not UTF-8.',
    remedy: 'Convert it, for example with iconv -f LATIN1 -t UTF-8; the message names the line.',
  },
  DATA_NO_LABELS: {
    meaning: 'A data file has texts, but no labels.',
    remedy:
      'Write text TAB label on every line, a CSV header with the columns text and label, or JSON lines with both keys.',
  },
  DATA_ROW: {
    meaning: 'A row of a data file is broken.',
    remedy: 'Correct or remove the row; the message names its line.',
  },
  DATA_ONE_CLASS: {
    meaning: 'All training rows have the same label, so there is nothing to tell apart.',
    remedy: 'Give rows of at least two labels besides the one that --none names.',
  },
  DATA_NO_IN_SCOPE: {
    meaning: 'All rows of a data file have the label that --none sets apart.',
    remedy: 'Give rows that belong to a label, or another label to --none.',
  },
  DATA_LABEL_ONLY_IN_EVAL: {
    meaning: 'An evaluation row has a label that no training row has, so it could never be answered right.',
    remedy:
      'Add training rows with that label, correct the spelling, or name it with --none if it stands for no label.',
  },
  DATA_NONE_LABEL_ABSENT: {
    meaning: 'No row has the label that --none names, so refusal could be neither set nor measured.',
    remedy: 'Correct the spelling, add such rows to the evaluation file, or leave --none out.',
  },
} as const satisfies Record<string, ErrorEntry>;
