/**
 * Whether the agent gets on: its loop answers a probe, and records move where any wait. A bad network is no trouble of this
 * kind, nor is nothing to do.
 */

export interface ProgressParts {
  /** Resolves when the pipeline's loop comes by. */
  readonly probe: () => Promise<void>;
  readonly stream: () => { readonly waiting: number; readonly answered: number };
  /** True while records wait on purpose: the model is being exchanged, the disk or the broker is behind. */
  readonly held: () => boolean;
  readonly nowMs?: () => number;
}

/** How long the loop may take to come by: one call of the model, and the exchange of a model. */
const ANSWER_MS = 60_000;
/** How long records may wait without one being answered. */
const MOVE_MS = 60_000;

export class Progress {
  readonly #parts: ProgressParts;
  readonly #nowMs: () => number;
  #askedAtMs: number | undefined;
  #answered = -1;
  #movedAtMs: number;
  #over: string | undefined;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    this.#nowMs = parts.nowMs ?? (() => performance.now());
    this.#movedAtMs = this.#nowMs();
  }

  /** The pipeline has broken: there is no progress any more. */
  ended(why: string): void {
    this.#over = why;
  }

  /** What is wrong; undefined where nothing is. Asks anew with every call. */
  trouble(): string | undefined {
    if (this.#over !== undefined) return this.#over;
    const nowMs = this.#nowMs();
    if (this.#askedAtMs === undefined) {
      this.#askedAtMs = nowMs;
      void this.#parts.probe().then(() => {
        this.#askedAtMs = undefined;
      });
    } else if (nowMs - this.#askedAtMs > ANSWER_MS)
      return `the pipeline has not come by for ${Math.round((nowMs - this.#askedAtMs) / 1000)} s`;
    const { waiting, answered } = this.#parts.stream();
    if (waiting === 0 || answered !== this.#answered || this.#parts.held()) this.#movedAtMs = nowMs;
    this.#answered = answered;
    if (nowMs - this.#movedAtMs > MOVE_MS)
      return `${waiting} records wait and none was answered for ${Math.round((nowMs - this.#movedAtMs) / 1000)} s`;
    return undefined;
  }
}
