/** Records per second of a process that answers in bursts, without its start and without counting a burst's head for free. */

/** How many answers had arrived at a time (ms). */
export interface Arrival {
  readonly at: number;
  readonly seen: number;
}

/**
 * The clock begins at the end of a burst, which is where the longest silence follows among the `burst` records after the
 * warm-up, and stops with the last answer, which ends a burst too. NaN where there are too few arrivals.
 */
export function steadyRate(arrivals: readonly Arrival[], warmUp: number, burst: number): number {
  let from: Arrival | undefined;
  let longest = 0;
  for (const [index, arrival] of arrivals.entries()) {
    const next = arrivals[index + 1];
    if (next === undefined || arrival.seen < warmUp) continue;
    if (arrival.seen > warmUp + burst) break;
    if (next.at - arrival.at <= longest) continue;
    longest = next.at - arrival.at;
    from = arrival;
  }
  const last = arrivals.at(-1);
  if (from === undefined || last === undefined) return Number.NaN;
  return ((last.seen - from.seen) * 1000) / (last.at - from.at);
}
