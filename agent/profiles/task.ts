/** What is asked of a process beside the agent, and what it says. */

export type Task =
  | { readonly kind: 'cut'; readonly bundle: string; readonly profile: string }
  | {
      readonly kind: 'measure';
      readonly bundle: string;
      readonly profile: string;
      readonly threads: number;
      readonly texts: readonly string[];
      /** It ends after so long with what it has. */
      readonly limitMs: number;
    };

/** What a profile costs, measured one text at a time. */
export interface Measured {
  readonly texts: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
}

/** From the child: `done`, or why not. */
export type Answer =
  | { readonly kind: 'done'; readonly measured?: Measured }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly remedy: string };

/** From the agent: whether the stream leaves room to measure. */
export interface GoAhead {
  readonly goAhead: boolean;
}
