/** How long at most a stretch of work kept the stream standing: the event loop's longest silence, less what the model was busy in it. What happens in the middle of a batch is not seen. */

const TICK_MS = 2;

export class StallMeter {
  readonly #timer: NodeJS.Timeout;
  #lastMs: number;
  #lastBusyMs: number;
  #longestMs = 0;

  /** Begins to measure. `busyMs`: how long the model was asked so far. */
  constructor(
    private readonly busyMs: () => number,
    private readonly now: () => number,
  ) {
    this.#lastMs = now();
    this.#lastBusyMs = busyMs();
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  /** Ends; the longest stall in ms. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#longestMs;
  }

  #look(): void {
    const nowMs = this.now();
    const busyMs = this.busyMs();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs - (busyMs - this.#lastBusyMs));
    this.#lastMs = nowMs;
    this.#lastBusyMs = busyMs;
  }
}
