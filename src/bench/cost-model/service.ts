/** Mean service time at saturation, out of the moments when answers came. */

export type Ask =
  | { readonly kind: 'texts'; readonly file: string }
  /** `pauseMs`: how long the process is held up once its quota is used; 0 without one. */
  | { readonly kind: 'serve'; readonly tokens: number; readonly limitMs: number; readonly pauseMs: number };

export interface Told {
  readonly serviceMs: number;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
}

/** A text in which the quota ran out took longer than the others by this share of the pause at least. */
const SHARE_OF_PAUSE = 0.5;

/**
 * Wall time by texts. Under a quota it is taken from the end of one pause to the end of another, so that whole periods are counted:
 * else a few hundred milliseconds would be off by what of a period they began or ended in.
 * @param ends moments in ms when answers came, in order
 */
export function serviceMs(ends: readonly number[], pauseMs: number): number {
  const took = ends.slice(1).map((end, at) => end - ends[at]);
  const quickest = Math.min(...took);
  const pauses = took.flatMap((ms, at) => (pauseMs > 0 && ms > quickest + SHARE_OF_PAUSE * pauseMs ? [at + 1] : []));
  const [first, last] = pauses.length >= 2 ? [pauses[0], pauses[pauses.length - 1]] : [0, ends.length - 1];
  return (ends[last] - ends[first]) / (last - first);
}
