/** Which texts run together: of nearly the same length, so that little is padded, and not more tokens than memory was stated for. */
import type { Random } from './random.js';

export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/** Steps whose texts are sorted by length together: enough to keep padding low, few enough to keep steps random. */
const STEPS_SORTED = 16;

/** One epoch: every text once, `textsPerStep` a step, in random order. Gives the texts' numbers. */
export function planEpoch(lengths: readonly number[], textsPerStep: number, random: Random): number[][] {
  const order = shuffled([...lengths.keys()], random);
  const steps: number[][] = [];
  for (let from = 0; from < order.length; from += textsPerStep * STEPS_SORTED) {
    const window = order.slice(from, from + textsPerStep * STEPS_SORTED).sort((a, b) => lengths[a] - lengths[b]);
    for (let at = 0; at < window.length; at += textsPerStep) steps.push(window.slice(at, at + textsPerStep));
  }
  return shuffled(steps, random);
}

/** Splits a step into runs that, padded to their longest text, have at most `tokenBudget` tokens; a longer text runs alone. */
export function withinBudget(texts: readonly number[], lengths: readonly number[], tokenBudget: number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  // Sorted, so the next text is the longest yet.
  for (const text of [...texts].sort((a, b) => lengths[a] - lengths[b])) {
    if (run.length > 0 && (run.length + 1) * lengths[text] > tokenBudget) {
      runs.push(run);
      run = [];
    }
    run.push(text);
  }
  return run.length > 0 ? [...runs, run] : runs;
}
