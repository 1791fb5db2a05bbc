/** The record that is not whole yet: its bytes from earlier chunks, up to the limit. */
import type { Frame } from './framer.js';

/** The buffer begins with this size and is given back when it grew far beyond it. */
const SMALL_BYTES = 256;
const LARGE_BYTES = 16 * 1024;

export class OpenRecord {
  #buffer: Buffer = Buffer.alloc(SMALL_BYTES);
  #length = 0;
  #cut = false;

  constructor(readonly limitBytes: number) {}

  /** True where it has bytes. */
  get holds(): boolean {
    return this.#length > 0 || this.#cut;
  }

  get length(): number {
    return this.#length;
  }

  /** What is held, to look at. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Adds a part of a chunk; what is beyond the limit is dropped. */
  add(chunk: Buffer, from: number, to: number): void {
    const room = this.limitBytes - this.#length;
    if (to - from > room) this.#cut = true;
    const count = Math.min(to - from, room);
    const needed = this.#length + count;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.limitBytes, Math.max(needed, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length, from, from + count);
    this.#length = needed;
  }

  /** Ends the record with a part of a chunk, which is not copied where nothing was held. */
  endWith(chunk: Buffer, from: number, to: number): Frame {
    if (!this.holds) {
      const cut = to - from > this.limitBytes;
      return { bytes: chunk.subarray(from, cut ? from + this.limitBytes : to), cut };
    }
    this.add(chunk, from, to);
    return this.take();
  }

  /** Ends the record with what is held. */
  take(): Frame {
    const frame = { bytes: this.bytes, cut: this.#cut };
    this.#length = 0;
    this.#cut = false;
    if (this.#buffer.length > LARGE_BYTES) this.#buffer = Buffer.alloc(SMALL_BYTES);
    return frame;
  }

  /** Keeps what stands behind the first so many bytes. */
  dropFirst(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
