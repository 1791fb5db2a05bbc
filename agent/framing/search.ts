/** Records that end where something is found: a delimiter, or a pattern. */
import type { Frame, Framer } from './framer.js';
import { OpenRecord } from './open-record.js';

/** Where a record ends, and where the next one begins. */
export interface RecordEnd {
  readonly at: number;
  readonly next: number;
}

export interface Search {
  /**
   * The end of a record whose bytes are searched from `from` on; `first` where its first byte stands there. `before`: so many
   * bytes of the stream stood before these, the last of them `previous`.
   */
  find(bytes: Buffer, from: number, first: boolean, before: number, previous: string): RecordEnd | undefined;
  /** So many bytes at the end may be the beginning of what ends a record: they are searched again with what follows. */
  undecided(bytes: Buffer): number;
}

export class SearchFramer implements Framer {
  readonly #open: OpenRecord;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** So many bytes at the chunk's start are of chunks before. */
  #carried = 0;
  #before = 0;
  #previous = '';
  #flush = false;

  constructor(
    private readonly search: Search,
    limitBytes: number,
  ) {
    this.#open = new OpenRecord(limitBytes);
  }

  get used(): number {
    return this.#at - this.#carried;
  }

  get holds(): boolean {
    return this.#open.holds || this.#chunk.length > this.#at;
  }

  push(chunk: Buffer): void {
    this.#carried = this.#chunk.length;
    this.#chunk = this.#carried > 0 ? Buffer.concat([this.#chunk, chunk]) : chunk;
  }

  flush(): void {
    this.#flush = true;
  }

  next(): Frame | undefined {
    const from = this.#at;
    const found = this.search.find(this.#chunk, from, !this.#open.holds, this.#before, this.#previous);
    if (found !== undefined) {
      this.#at = found.next;
      return this.#open.endWith(this.#chunk, from, found.at);
    }
    const undecided = this.#flush ? 0 : this.search.undecided(this.#chunk.subarray(from));
    const end = this.#chunk.length - undecided;
    this.#open.add(this.#chunk, from, end);
    this.#before += end;
    if (end > 0) this.#previous = this.#chunk.toString('latin1', end - 1, end);
    this.#chunk = Buffer.from(this.#chunk.subarray(end)); // it outlives the chunk
    this.#at = 0;
    this.#carried = undecided;
    if (!this.#flush) return undefined;
    this.#flush = false;
    this.#before = 0;
    this.#previous = '';
    return this.#open.holds ? this.#open.take() : undefined;
  }
}

/** One of some delimiters of any length. `step`: it stands only at multiples of so many bytes from the stream's start. */
export function delimiterSearch(delimiters: readonly Buffer[], step: 1 | 2 = 1): Search {
  const longest = Math.max(...delimiters.map(({ length }) => length));
  return {
    find(bytes, from, _, before) {
      let first: RecordEnd | undefined;
      for (const delimiter of delimiters) {
        let at = bytes.indexOf(delimiter, from);
        while (at >= 0 && (before + at) % step !== 0) at = bytes.indexOf(delimiter, at + 1);
        if (at >= 0 && (first === undefined || at < first.at)) first = { at, next: at + delimiter.length };
      }
      return first;
    },
    undecided(bytes) {
      for (let count = Math.min(longest - 1, bytes.length); count > 0; count--) {
        const tail = bytes.subarray(bytes.length - count);
        if (delimiters.some((each) => each.length > count && tail.equals(each.subarray(0, count)))) return count;
      }
      return 0;
    },
  };
}

/** Finds text in bytes taken as Latin-1; behind `from`, with what stands before it in sight. */
export type FindText = (text: string, from: number) => { start: number; end: number } | undefined;

/** What a pattern may match has so many bytes at most, or it may be overlooked where two chunks meet. */
export const PATTERN_MATCH_BYTES = 256;
/** A pattern's engine looks at so much at a time. */
const LOOK_BYTES = 4096;

/** A match is where the next record begins (`start`), or the end of this one (`end`). */
export function patternSearch(where: 'start' | 'end', find: FindText): Search {
  return {
    find(bytes, from, first, _, previous) {
      const skip = where === 'start' && first ? 1 : 0; // a record's own beginning does not end it
      for (let look = from; look < bytes.length; look += LOOK_BYTES - PATTERN_MATCH_BYTES) {
        // One character before, so that ^ knows whether a line begins here.
        const context = look > 0 ? bytes.toString('latin1', look - 1, look) : previous;
        const text = context + bytes.toString('latin1', look, Math.min(bytes.length, look + LOOK_BYTES));
        const match = find(text, context.length + (look === from ? skip : 0));
        if (match === undefined || (where === 'end' && match.end === match.start)) continue;
        const at = look - context.length + (where === 'start' ? match.start : match.end);
        return { at, next: at };
      }
      return undefined;
    },
    undecided: (bytes) => Math.min(bytes.length, PATTERN_MATCH_BYTES),
  };
}
