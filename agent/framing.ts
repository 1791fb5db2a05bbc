/**
 * From bytes to lines. A line ends with LF, CRLF or a lone CR; blank lines are no records. A line longer than the limit is cut
 * in constant memory; invalid UTF-8 becomes U+FFFD and is counted; NULs are kept.
 */

/** Longest record in bytes unless a source says otherwise. */
export const DEFAULT_RECORD_LIMIT_BYTES = 64 * 1024;

/** One line, without its end. */
export interface Line {
  readonly text: string;
  /** True where the line was longer than the limit. */
  readonly cut: boolean;
  /** Invalid UTF-8 sequences that became U+FFFD. */
  readonly replaced: number;
}

const LF = 0x0a;
const CR = 0x0d;
/** The open line's buffer begins with this size and is given back when it grew far beyond it. */
const SMALL_BYTES = 256;
const LARGE_BYTES = 16 * 1024;

/**
 * Give it a chunk by `push`, take lines by `next` until there is none, then give it the next chunk. Pulling lets a reader stop
 * in the middle of a chunk when its queue is full.
 *
 * CRLF needs no state over chunks: CR ends the line at once (an interactive sender may wait for the answer before it sends
 * more), and what the LF then ends is a blank line, which is no record.
 */
export class LineFramer {
  readonly #limitBytes: number;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the next LF and CR stand in the chunk, at or behind `#at`; the chunk's length where there is none. */
  #nextLf = 0;
  #nextCr = 0;
  /** The open line's bytes from earlier chunks. */
  #open: Buffer = Buffer.alloc(SMALL_BYTES);
  #openBytes = 0;
  #cut = false;
  #flush = false;
  #atStart = true;

  constructor(limitBytes: number = DEFAULT_RECORD_LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Takes a chunk, which must stay as it is until `next` has returned undefined; the one before must be used up. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#nextLf = -1;
    this.#nextCr = -1;
  }

  /** What was pushed so far ends a line, and what comes is another stream (a byte-order mark may stand there). */
  flush(): void {
    this.#flush = true;
  }

  /** The next line that is not blank, or undefined where the chunk holds no whole one any more. */
  next(): Line | undefined {
    while (this.#at < this.#chunk.length) {
      const end = this.#nextBreak();
      if (end === this.#chunk.length) {
        this.#hold(this.#at, end);
        this.#at = end;
        break;
      }
      const line = this.#line(this.#at, end);
      this.#at = end + 1;
      if (line !== undefined) return line;
    }
    if (!this.#flush) return undefined;
    const last = this.#line(this.#at, this.#at);
    this.#flush = false;
    this.#atStart = true;
    return last;
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

  /** Adds a part of the chunk to the open line, up to the limit. */
  #hold(from: number, to: number): void {
    const room = this.#limitBytes - this.#openBytes;
    if (to - from > room) this.#cut = true;
    const count = Math.min(to - from, room);
    const needed = this.#openBytes + count;
    if (needed > this.#open.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#limitBytes, Math.max(needed, this.#open.length * 2)));
      this.#open.copy(larger, 0, 0, this.#openBytes);
      this.#open = larger;
    }
    this.#chunk.copy(this.#open, this.#openBytes, from, from + count);
    this.#openBytes = needed;
  }

  /** Ends the open line with a part of the chunk; undefined where the line is blank. */
  #line(from: number, to: number): Line | undefined {
    if (this.#openBytes === 0 && !this.#cut) {
      if (from === to) return undefined;
      if (to - from <= this.#limitBytes) return this.#decode(this.#chunk, from, to, false);
      return this.#decode(this.#chunk, from, from + this.#limitBytes, true);
    }
    this.#hold(from, to);
    const line = this.#decode(this.#open, 0, this.#openBytes, this.#cut);
    this.#openBytes = 0;
    this.#cut = false;
    if (this.#open.length > LARGE_BYTES) this.#open = Buffer.alloc(SMALL_BYTES);
    return line;
  }

  #decode(bytes: Buffer, from: number, to: number, cut: boolean): Line | undefined {
    const start = this.#atStart && startsWithMark(bytes, from, to) ? from + 3 : from;
    this.#atStart = false;
    const end = cut ? wholeCharacters(bytes, start, to) : to;
    const text = bytes.toString('utf8', start, end);
    if (!cut && isBlank(text)) return undefined;
    return { text, cut, replaced: text.includes('\ufffd') ? countReplaced(text, bytes.subarray(start, end)) : 0 };
  }
}

/** A UTF-8 byte-order mark, as some editors write it at a file's start. */
function startsWithMark(bytes: Buffer, from: number, to: number): boolean {
  return to - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
}

function isBlank(text: string): boolean {
  // The first test spares the rest for nearly every line.
  return !(text.charCodeAt(0) > 0x20 && text.charCodeAt(0) < 0x7f) && text.trim() === '';
}

/** The largest end at which no character is cut in two; a sequence that is invalid anyway stays as it is. */
function wholeCharacters(bytes: Buffer, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back];
    if (byte < 0x80) return to;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? to - back : to;
    }
  }
  return to;
}

/** U+FFFD in the text less those that the sender wrote as such (EF BF BD). */
function countReplaced(text: string, bytes: Buffer): number {
  let count = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count++;
  for (let at = bytes.indexOf('\ufffd'); at >= 0; at = bytes.indexOf('\ufffd', at + 3)) count--;
  return count;
}
