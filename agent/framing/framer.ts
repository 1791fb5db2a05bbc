/** From a stream of bytes to the bytes of single records: what every way of framing keeps to. */

/** Longest record in bytes unless a source says otherwise. */
export const DEFAULT_RECORD_LIMIT_BYTES = 64 * 1024;

/** The bytes of one record, without what ends it. To be used up before the next call of the framer. */
export interface Frame {
  readonly bytes: Buffer;
  /** True where the record was longer than the limit; the rest of it was dropped. */
  readonly cut: boolean;
}

/**
 * Give it a chunk by `push`, take frames by `next` until there is none, then give it the next chunk. Pulling lets a reader stop
 * in the middle of a chunk when its queue is full. Memory is bounded by the record limit, whatever comes.
 */
export interface Framer {
  /** Takes a chunk, which must stay as it is until `next` has returned undefined; the one before must be used up. */
  push(chunk: Buffer): void;
  /** What was pushed so far ends a record, and what comes is another stream. */
  flush(): void;
  /** The next record, empty ones included, or undefined where the chunk holds no whole one any more. */
  next(): Frame | undefined;
  /** So many bytes of the chunk stand before the end of the last frame. */
  readonly used: number;
  /** True where bytes of a record are held that is not whole yet. */
  readonly holds: boolean;
}
