/** Records behind a number that says how many bytes they have: binary of a fixed size, or digits as syslog over TCP writes it. */
import type { Frame, Framer } from './framer.js';
import { OpenRecord } from './open-record.js';

/**
 * Reads the prefix: given the bytes from its start, how long it is and what it announces; `more` where it is not whole yet,
 * `invalid` where it can never be one.
 */
export type PrefixReader = (bytes: Buffer) => { prefixBytes: number; recordBytes: number } | 'more' | 'invalid';

/** No prefix is longer. */
const LONGEST_PREFIX_BYTES = 16;

export class LengthPrefixFramer implements Framer {
  readonly #open: OpenRecord;
  readonly #prefix = new OpenRecord(LONGEST_PREFIX_BYTES);
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Bytes of the open record that are to come; undefined between two. */
  #missing: number | undefined;
  #flush = false;

  /** `onInvalid` frames what has no valid prefix: from there to its next end. Without it the bytes are a record up to the flush. */
  constructor(
    private readonly read: PrefixReader,
    limitBytes: number,
    private readonly onInvalid?: number,
  ) {
    this.#open = new OpenRecord(limitBytes);
  }

  get used(): number {
    return this.#at;
  }

  get holds(): boolean {
    return this.#missing !== undefined || this.#prefix.holds || this.#open.holds;
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  flush(): void {
    this.#flush = true;
  }

  next(): Frame | undefined {
    while (this.#at < this.#chunk.length || this.#missing === 0) {
      if (this.#missing === undefined) this.#readPrefix();
      if (this.#missing === undefined) continue;
      const from = this.#at;
      const end = this.#endOfRecord(this.#missing);
      if (end === undefined) {
        this.#open.add(this.#chunk, from, this.#chunk.length);
        this.#missing -= this.#chunk.length - from;
        this.#at = this.#chunk.length;
        break;
      }
      this.#at = end.next;
      this.#missing = undefined;
      return this.#open.endWith(this.#chunk, from, end.at);
    }
    if (!this.#flush) return undefined;
    this.#flush = false;
    if (this.#prefix.holds) this.#giveBackPrefix(this.#prefix.length);
    this.#missing = undefined;
    return this.#open.holds ? this.#open.take() : undefined;
  }

  #endOfRecord(missing: number): { at: number; next: number } | undefined {
    if (missing !== Number.POSITIVE_INFINITY) {
      const at = this.#at + missing;
      return at <= this.#chunk.length ? { at, next: at } : undefined;
    }
    const at = this.onInvalid === undefined ? -1 : this.#chunk.indexOf(this.onInvalid, this.#at);
    return at < 0 ? undefined : { at, next: at + 1 };
  }

  #readPrefix(): void {
    const held = this.#prefix.length;
    this.#prefix.add(this.#chunk, this.#at, Math.min(this.#chunk.length, this.#at + LONGEST_PREFIX_BYTES - held));
    const found = this.#prefix.bytes.length === 0 ? 'more' : this.read(this.#prefix.bytes);
    if (found === 'more' && this.#prefix.length < LONGEST_PREFIX_BYTES) {
      this.#at = this.#chunk.length;
      return;
    }
    if (typeof found === 'object') {
      this.#at += found.prefixBytes - held;
      this.#prefix.take();
      this.#missing = found.recordBytes;
      return;
    }
    this.#giveBackPrefix(held);
    this.#missing = Number.POSITIVE_INFINITY;
  }

  /** What was taken for a prefix is text; of this chunk's bytes none is used up by that. */
  #giveBackPrefix(count: number): void {
    this.#open.add(this.#prefix.take().bytes, 0, count);
  }
}

/** A prefix of 1, 2 or 4 bytes. */
export function binaryPrefix(prefixBytes: 1 | 2 | 4, order: 'big' | 'little'): PrefixReader {
  return (bytes) => {
    if (bytes.length < prefixBytes) return 'more';
    return {
      prefixBytes,
      recordBytes: order === 'big' ? bytes.readUIntBE(0, prefixBytes) : bytes.readUIntLE(0, prefixBytes),
    };
  };
}

/** `MSG-LEN SP` of RFC 6587, 3.4.1: digits that don't begin with 0, and a space. */
export const octetCount: PrefixReader = (bytes) => {
  const text = bytes.toString('latin1');
  const [whole, digits] = /^([1-9]\d{0,8}) /.exec(text) ?? [];
  if (whole !== undefined) return { prefixBytes: whole.length, recordBytes: Number(digits) };
  return /^[1-9]\d{0,8}$/.test(text) ? 'more' : 'invalid';
};
