/** Writes sentences into a pipe at an even pace, again and again from the first: the demo's stand-in for a live stream. */
import { PassThrough, type Readable } from 'node:stream';

/** Shortest time between two looks at the clock. */
const TICK_MS = 10;
/** After a pause of the machine or of the reader, at most so much of what was due is made up for. */
const CATCH_UP_MS = 500;

export interface ReplayOptions {
  readonly texts: readonly string[];
  /** Lines a second. */
  readonly rate: number;
  /** Lines in all; without it there is no end. */
  readonly count?: number;
  /** A clock for durations, in ms; default `performance.now`. */
  readonly now?: () => number;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #pipe = new PassThrough();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #lastMs = 0;
  /** Lines that are due, with a fraction. */
  #due = 1;
  #full = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Where the lines come out. */
  get stream(): Readable {
    return this.#pipe;
  }

  start(): void {
    this.#pipe.on('drain', () => {
      this.#full = false;
    });
    this.#lastMs = this.#now();
    this.#write();
    this.#timer = setInterval(() => this.#write(), Math.max(TICK_MS, 1000 / this.#options.rate / 4));
  }

  /** Writes no more; the reader gets what was written. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #write(): void {
    const { texts, rate, count = Number.POSITIVE_INFINITY } = this.#options;
    const nowMs = this.#now();
    const mostDue = Math.max(1, (rate * CATCH_UP_MS) / 1000);
    this.#due = Math.min(mostDue, this.#due + ((nowMs - this.#lastMs) * rate) / 1000);
    this.#lastMs = nowMs;
    while (this.#due >= 1 && this.#sent < count && !this.#full) {
      this.#full = !this.#pipe.write(`${texts[this.#sent % texts.length]}\n`);
      this.#sent++;
      this.#due--;
    }
    if (this.#sent >= count) this.stop();
  }
}
