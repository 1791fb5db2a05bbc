/** Which allocation loses least at a cost, where what units lose adds up: a knapsack with several choices a unit, solved exactly. */
import { type Random, shuffled } from '../../train/index.js';
import type { Allocation } from './units.js';

/** [unit][level] */
export type Table = readonly (readonly number[])[];

/** Steps that a budget is taken in at most; where costs have a large enough divisor in common, that is the step, and exact. */
const MOST_STEPS = 4096;

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** The allocation with the smallest sum of losses whose costs are within the budget; undefined where none is. */
export function cheapest(losses: Table, costs: Table, budget: number): Allocation | undefined {
  const step = Math.max(costs.flat().reduce(divisor), budget / MOST_STEPS);
  const steps = (cost: number) => Math.round(cost / step);
  const room = Math.floor(budget / step);
  // best[s]: the smallest loss of the units so far with at most s steps of cost, and how it came about.
  let best: { loss: number; chosen: Allocation }[] = Array.from({ length: room + 1 }, () => ({ loss: 0, chosen: [] }));
  for (const [unit, levels] of losses.entries())
    best = best.map((_, at) => {
      let found = { loss: Number.POSITIVE_INFINITY, chosen: [] as Allocation };
      for (const [level, loss] of levels.entries()) {
        const left = at - steps(costs[unit][level]);
        if (left < 0) continue;
        const before = best[left];
        if (before.loss + loss < found.loss) found = { loss: before.loss + loss, chosen: [...before.chosen, level] };
      }
      return found;
    });
  const last = best[room];
  return Number.isFinite(last.loss) ? last.chosen : undefined;
}

/** An allocation at random with costs just within the budget: units are pruned a level at a time until it fits. */
export function randomWithin(costs: Table, budget: number, random: Random): Allocation {
  const chosen = costs.map(() => 0);
  const cost = () => chosen.reduce((sum, level, unit) => sum + costs[unit][level], 0);
  while (cost() > budget) {
    const open = [...chosen.keys()].filter((unit) => chosen[unit] < costs[unit].length - 1);
    const [unit] = shuffled(open, random);
    chosen[unit]++;
  }
  return chosen;
}

/** Spearman's rank correlation, ties sharing their mean rank. */
export function rankCorrelation(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [ranks(one), ranks(other)];
  const mean = (a.length + 1) / 2;
  let [both, first, second] = [0, 0, 0];
  for (const [i, rank] of a.entries()) {
    both += (rank - mean) * (b[i] - mean);
    first += (rank - mean) ** 2;
    second += (b[i] - mean) ** 2;
  }
  return both / (Math.sqrt(first * second) || 1);
}

function ranks(values: readonly number[]): number[] {
  const sorted = values.toSorted((x, y) => x - y);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
