/** What the catalogue says of one error. */
export interface ErrorEntry {
  /** What went wrong, in general; the message of a raised error says it in particular. */
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly remedy: string;
}
