/**
 * Another model for a stream that goes on. Two ways: the new one is loaded and warmed while the old one serves, or, where there is
 * no room for both, the old one goes first and records wait in their queues meanwhile.
 *
 * Invariants: one swap at a time; the pipeline always gets a model back, the old one's profile again where the new one fails;
 * a model is closed only when the pipeline asks it nothing any more.
 */
import type { Model } from '../src/infer/types.js';
import type { Pipeline } from './pipeline.js';
import type { Profiles } from './profiles/index.js';
import { StallMeter } from './stall-meter.js';

/** How a swap went. */
export interface SwapFigures {
  /** True where both models were in memory for a moment. */
  readonly beside: boolean;
  /** From the beginning of loading until the new model served. */
  readonly loadMs: number;
  /** The longest time for which no text could be answered because of it. */
  readonly pauseMs: number;
}

export interface SwapWay {
  /** Whether there is room for both models. */
  readonly beside: boolean;
  /** Done while no model is loaded: what makes the profile ready needs the room that the old one took. */
  readonly prepare?: () => Promise<void>;
}

export interface HotSwapOptions {
  readonly model: Model;
  readonly profiles: Pick<Profiles, 'load'>;
  readonly pipeline: Pick<Pipeline, 'serve' | 'withhold' | 'load'>;
  /** A clock for durations, in ms. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const TRY_AGAIN_MS = 500;
/** The first answer of a session reads its weights in, so it is given to nobody. */
const WARM_UP_TEXT = 'warm';

export class HotSwap {
  #model: Model;
  #last: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(private readonly options: HotSwapOptions) {
    this.#model = options.model;
  }

  /** The model in force, or last in force while one is being loaded. */
  get model(): Model {
    return this.#model;
  }

  /** Serves a profile that is ready to be loaded. Rejects where it can't be loaded: then the one before serves on. */
  to(profile: string, { beside, prepare }: SwapWay): Promise<SwapFigures> {
    return this.#inTurn(() => (beside ? this.#besideOld(profile) : this.#afterOld(profile, prepare)));
  }

  /** Closes the session and opens it again, so that what its arena has grown by goes back to the system. */
  reopen(): Promise<SwapFigures> {
    return this.#inTurn(() => this.#afterOld(this.#model.profile));
  }

  /** Lets the swap that is under way end, and closes the model. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#last;
    await this.#model.close();
  }

  async #besideOld(profile: string): Promise<SwapFigures> {
    const { pipeline, now } = this.options;
    const startedMs = now();
    const stall = new StallMeter(() => pipeline.load().busyMs, now);
    try {
      const { model: next, blockedMs } = await this.#load(profile);
      const before = this.#model;
      const answered = this.#take(next);
      const loadMs = now() - startedMs;
      await answered;
      await before.close();
      return { beside: true, loadMs, pauseMs: Math.max(stall.end(), blockedMs) };
    } finally {
      stall.end();
    }
  }

  async #afterOld(profile: string, prepare?: () => Promise<void>): Promise<SwapFigures> {
    const { pipeline, now } = this.options;
    const before = this.#model.profile;
    await pipeline.withhold();
    const startedMs = now();
    await this.#model.close();
    try {
      await prepare?.();
      void this.#take((await this.#load(profile)).model);
    } catch (error) {
      await this.#restore(before);
      throw error;
    }
    const loadMs = now() - startedMs;
    return { beside: false, loadMs, pauseMs: loadMs };
  }

  /** Without a model nothing is answered: tries for as long as it takes. */
  async #restore(profile: string): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        void this.#take((await this.#load(profile)).model);
        return;
      } catch {
        await this.options.sleep(TRY_AGAIN_MS, this.#closing.signal);
      }
    }
  }

  /** Resolves when the model before has answered what it was asked. */
  #take(model: Model): Promise<void> {
    this.#model = model;
    return this.options.pipeline.serve(model);
  }

  /** The longest that loading and the first answer kept the event loop in one piece, in the middle of a batch or not. */
  async #load(profile: string): Promise<{ readonly model: Model; readonly blockedMs: number }> {
    const { profiles, now } = this.options;
    const model = await profiles.load(profile);
    let startedMs = now();
    setImmediate(() => {
      startedMs = now(); // the runtime begins in the immediate after this one
    });
    try {
      await model.predict([WARM_UP_TEXT]);
    } catch (error) {
      await model.close();
      throw error;
    }
    return { model, blockedMs: Math.max(model.openMs ?? 0, now() - startedMs) };
  }

  #inTurn<Result>(swap: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(swap);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
