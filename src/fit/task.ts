/** What is asked of a process of its own, and what it says. */

export type Task =
  /** Measures the board with likenesses of a bundle's profiles, until it is through or the time is over. */
  | {
      readonly kind: 'calibrate';
      readonly bundle: string;
      readonly threads: readonly number[];
      /** For its first result and for all of them. */
      readonly limitMs: number;
      readonly roomBytes: number;
    }
  /** Cuts a profile into the cache. */
  | { readonly kind: 'cut'; readonly bundle: string; readonly profile: string }
  /** Measures a profile of the cache. */
  | {
      readonly kind: 'measure';
      readonly bundle: string;
      readonly profile: string;
      readonly threads: number;
      readonly tokens: readonly number[];
      readonly limitMs: number;
    };

/** A profile, or its likeness, asked texts of one length. */
export interface Timed {
  readonly kind: 'timed';
  readonly profile: string;
  readonly threads: number;
  readonly tokens: number;
  /** Text to answer. */
  readonly ms: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
}

/** Memory of the child with the runtime loaded. */
export interface Held {
  readonly kind: 'held';
  readonly rssAnonBytes: number;
  readonly rssBytes: number;
}

export type Said = Timed | Held;
