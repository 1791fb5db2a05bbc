/** Everything up to the flush is one record: for streams in which silence, or the sender's end, says where a record ends. */
import type { Frame, Framer } from './framer.js';
import { OpenRecord } from './open-record.js';

export class WholeFramer implements Framer {
  readonly #open: OpenRecord;
  #chunk: Buffer = Buffer.alloc(0);
  #flush = false;
  used = 0;

  constructor(limitBytes: number) {
    this.#open = new OpenRecord(limitBytes);
  }

  get holds(): boolean {
    return this.#open.holds;
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.used = 0;
  }

  flush(): void {
    this.#flush = true;
  }

  next(): Frame | undefined {
    this.#open.add(this.#chunk, this.used, this.#chunk.length);
    this.used = this.#chunk.length;
    if (!this.#flush) return undefined;
    this.#flush = false;
    return this.#open.holds ? this.#open.take() : undefined;
  }
}
