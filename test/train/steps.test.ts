/** Which texts run together, and how the learning rate goes. */
import test from 'ava';
import { seededRandom } from '../../src/train/index.js';
import { warmUpThenFall } from '../../src/train/schedule.js';
import { planEpoch, withinBudget } from '../../src/train/steps.js';

const random = seededRandom(1);
const lengths = Array.from({ length: 1000 }, () => 1 + Math.floor(random() ** 3 * 60));

test('an epoch has every text once, in steps of one size but for a remainder, and little padding', (t) => {
  const steps = planEpoch(lengths, 32, seededRandom(2));
  t.deepEqual(
    steps.flat().sort((a, b) => a - b),
    [...lengths.keys()],
  );
  t.is(steps.filter((step) => step.length !== 32).length, 1);
  const padded = steps.reduce((sum, step) => sum + step.length * Math.max(...step.map((text) => lengths[text])), 0);
  t.true(padded < 1.15 * lengths.reduce((sum, length) => sum + length, 0));
  t.deepEqual(planEpoch(lengths, 32, seededRandom(2)), steps);
  t.notDeepEqual(planEpoch(lengths, 32, seededRandom(3)), steps);
});

test('runs of a step keep within the budget, but a text that is longer runs alone', (t) => {
  const step = [...lengths.keys()].slice(0, 64);
  const runs = withinBudget(step, lengths, 50);
  t.deepEqual(
    runs.flat().sort((a, b) => a - b),
    step,
  );
  for (const run of runs) {
    const padded = run.length * Math.max(...run.map((text) => lengths[text]));
    t.true(padded <= 50 || run.length === 1);
  }
  t.deepEqual(withinBudget([0, 1], [80, 90], 50), [[0], [1]]);
  t.deepEqual(withinBudget([], lengths, 50), []);
});

test('the learning rate rises evenly, then falls to nothing', (t) => {
  const rates = Array.from({ length: 11 }, (_, step) => warmUpThenFall(step, 10, 0.2));
  t.deepEqual(rates, [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0]);
  t.is(warmUpThenFall(0, 5, 0), 1);
});
