/** What a data file holds. */

export interface TextRow {
  readonly text: string;
  /** Where the row begins in its file, from 1. */
  readonly line: number;
}

export interface Row extends TextRow {
  readonly label: string;
}

/** A row as its file has it: what must be there is checked by the reader. */
export interface RawRow extends TextRow {
  readonly label: string | undefined;
}
