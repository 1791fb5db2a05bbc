/** A piece of text on its way from a stream to the queue. */
import type { Fields, ReadPosition } from '../sources/source.js';

export interface Piece {
  readonly text: string;
  /** True where it was longer than the limit. */
  readonly cut: boolean;
  /** Invalid sequences of bytes that became U+FFFD. */
  readonly replaced: number;
  /** What its source says of it beside the text, by name. */
  readonly fields?: Fields;
  /** Where reading goes on behind it. */
  readonly position?: ReadPosition;
}
