/** Lines: one ends with LF, CRLF or a lone CR. For encodings in which these are bytes of their own. */
import { DEFAULT_RECORD_LIMIT_BYTES, type Frame, type Framer } from './framer.js';
import { OpenRecord } from './open-record.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * CRLF needs no state over chunks: CR ends the line at once (an interactive sender may wait for the answer before it sends
 * more), and what the LF then ends is an empty line, which is no record.
 */
export class LineFramer implements Framer {
  readonly #open: OpenRecord;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the next LF and CR stand in the chunk, at or behind `#at`; the chunk's length where there is none. */
  #nextLf = 0;
  #nextCr = 0;
  #flush = false;

  constructor(limitBytes: number = DEFAULT_RECORD_LIMIT_BYTES) {
    this.#open = new OpenRecord(limitBytes);
  }

  get used(): number {
    return this.#at;
  }

  get holds(): boolean {
    return this.#open.holds;
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#nextLf = -1;
    this.#nextCr = -1;
  }

  flush(): void {
    this.#flush = true;
  }

  next(): Frame | undefined {
    if (this.#at < this.#chunk.length) {
      const from = this.#at;
      const end = this.#nextBreak();
      this.#at = Math.min(end + 1, this.#chunk.length);
      if (end < this.#chunk.length) return this.#open.endWith(this.#chunk, from, end);
      this.#open.add(this.#chunk, from, end);
    }
    if (!this.#flush) return undefined;
    this.#flush = false;
    return this.#open.holds ? this.#open.take() : undefined;
  }

  #nextBreak(): number {
    if (this.#nextLf < this.#at) this.#nextLf = this.#find(LF);
    if (this.#nextCr < this.#at) this.#nextCr = this.#find(CR);
    return Math.min(this.#nextLf, this.#nextCr);
  }

  #find(byte: number): number {
    const found = this.#chunk.indexOf(byte, this.#at);
    return found < 0 ? this.#chunk.length : found;
  }
}
