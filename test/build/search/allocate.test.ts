/** The knapsack of a search over layers, and how its ranking is judged. */
import test from 'ava';
import { cheapest, randomWithin, rankCorrelation } from '../../../src/build/search/allocate.js';
import { seededRandom } from '../../../src/train/index.js';

const sum = (table: readonly (readonly number[])[], chosen: readonly number[]) =>
  chosen.reduce((total, level, unit) => total + table[unit][level], 0);

test('no allocation within the budget loses less than the one chosen', (t) => {
  const random = seededRandom(3);
  for (let round = 0; round < 20; round++) {
    const costs = Array.from({ length: 4 }, (_, unit) => [4, 3, 2, 1].map((part) => part * (1 + (unit % 2))));
    const losses = costs.map(() => [0, random(), 1 + random(), 2 + random()]);
    const budget = 6 + Math.floor(random() * 18);
    let least = Number.POSITIVE_INFINITY;
    for (let code = 0; code < 4 ** 4; code++) {
      const chosen = [0, 1, 2, 3].map((unit) => Math.floor(code / 4 ** unit) % 4);
      if (sum(costs, chosen) <= budget) least = Math.min(least, sum(losses, chosen));
    }
    const chosen = cheapest(losses, costs, budget);
    t.truthy(chosen);
    t.true(sum(costs, chosen ?? []) <= budget);
    t.true(Math.abs(sum(losses, chosen ?? []) - least) < 1e-9);
  }
  t.is(cheapest([[0, 1]], [[4, 3]], 2), undefined, 'nothing is that cheap');
});

test('a random allocation is within the budget', (t) => {
  const random = seededRandom(5);
  const costs = Array.from({ length: 6 }, () => [4, 3, 2, 1]);
  for (const budget of [24, 13, 6]) t.true(sum(costs, randomWithin(costs, budget, random)) <= budget);
});

test('rank correlation is 1 for the same order, -1 for the reverse, and ties share their rank', (t) => {
  t.is(rankCorrelation([1, 2, 3], [10, 20, 30]), 1);
  t.is(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  t.true(Math.abs(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4]) - 0.9487) < 1e-3);
});
