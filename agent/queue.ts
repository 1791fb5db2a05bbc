/** The bounded queue between a source and the model: what to do when text comes faster than it can be answered. */
import type { TextRecord } from './record.js';

/**
 * What happens to a record that finds the queue full. `block`: it waits, and so does the source where it can. `drop-oldest`,
 * `drop-newest`: one record is dropped. `sample`: from half full on a random share is dropped, the larger the fuller, so that
 * what is kept is spread evenly over time.
 */
export type QueuePolicy = 'block' | 'drop-oldest' | 'drop-newest' | 'sample';

export interface QueueOptions {
  /** Records that may wait. */
  readonly size: number;
  readonly policy: QueuePolicy;
  /** A record that has waited for longer is dropped. */
  readonly maxAgeMs?: number;
}

/** Dropped records by cause; `overrun`: before the source could take them. */
export interface Drops {
  oldest: number;
  newest: number;
  sampled: number;
  stale: number;
  overrun: number;
}

export class RecordQueue {
  readonly size: number;
  readonly policy: QueuePolicy;
  readonly #maxAgeMs: number;
  readonly drops: Drops = { oldest: 0, newest: 0, sampled: 0, stale: 0, overrun: 0 };
  readonly #ring: (TextRecord | undefined)[] = [];
  readonly #random: () => number;
  #head = 0;
  #length = 0;

  constructor(options: QueueOptions, random: () => number = Math.random) {
    this.size = options.size;
    this.policy = options.policy;
    this.#maxAgeMs = options.maxAgeMs ?? Number.POSITIVE_INFINITY;
    this.#random = random;
  }

  get length(): number {
    return this.#length;
  }

  /** The record that `take` would give, left where it is. */
  get oldest(): TextRecord | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** True where a record must wait before it is offered; only under `block`. */
  get mustWait(): boolean {
    return this.policy === 'block' && this.#length >= this.size;
  }

  /**
   * Takes the record in, or drops one as the policy says; false where it is this one. Ask `mustWait` first: under `block` a full
   * queue throws.
   */
  offer(record: TextRecord): boolean {
    if (this.policy === 'sample' && this.#random() * (this.size / 2) >= this.size - this.#length) {
      this.drops.sampled++;
      return false;
    }
    if (this.#length === this.size) {
      if (this.policy === 'block') throw new RangeError('a record was offered to a full queue');
      if (this.policy !== 'drop-oldest') {
        this.drops.newest++;
        return false;
      }
      this.take();
      this.drops.oldest++;
    }
    this.#ring[(this.#head + this.#length) % this.size] = record;
    this.#length++;
    return true;
  }

  /** Drops what has waited for too long. */
  dropStale(nowMs: number): void {
    for (let record = this.oldest; record !== undefined; record = this.oldest) {
      if (nowMs - record.framedAtMs <= this.#maxAgeMs) return;
      this.take();
      this.drops.stale++;
    }
  }

  /** The oldest record, or undefined where there is none. */
  take(): TextRecord | undefined {
    if (this.#length === 0) return undefined;
    const record = this.#ring[this.#head];
    this.#ring[this.#head] = undefined; // or the text stays in memory until its place is used again
    this.#head = (this.#head + 1) % this.size;
    this.#length--;
    return record;
  }

  /** Forgets all that waits. */
  clear(): void {
    while (this.take() !== undefined);
  }
}
