/** Tries again with growing pauses, until it works or is to end. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export class Retry {
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #ended = false;

  constructor(
    private readonly longestPauseMs = LONGEST_PAUSE_MS,
    private readonly firstPauseMs = FIRST_PAUSE_MS,
  ) {
    this.#pauseMs = firstPauseMs;
  }

  /** True once `end` was called: nothing is tried any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Runs it after the next pause. */
  later(run: () => void): void {
    if (this.#ended) return;
    clearTimeout(this.#timer);
    // Between half of the pause and all of it: many that lost one thing don't come back to it at once.
    this.#timer = setTimeout(run, this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(this.longestPauseMs, this.#pauseMs * 2);
  }

  /** It worked: the next pause is the first one again. */
  worked(): void {
    this.#pauseMs = this.firstPauseMs;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
