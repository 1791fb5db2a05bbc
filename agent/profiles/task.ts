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
  /** Length of the text in the middle. */
  readonly p50Tokens: number;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
}
