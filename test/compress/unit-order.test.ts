/** The order of heads and neurons. */
import test from 'ava';
import { inverse, solve } from '../../src/compress/linear-algebra.js';
import { orderUnits, type UnitOptions } from '../../src/compress/unit-order.js';
import { covarianceOf, identity, multiplied, randomMatrix, transposed } from './support.js';

const outputs = 5;
const options = (covariance: Float64Array, weight: Float64Array, more: Partial<UnitOptions> = {}): UnitOptions => ({
  covariance,
  weight,
  outputs,
  group: 1,
  ridge: 1e-9,
  keepAtLeast: 1,
  ...more,
});
const random = (size: number, more: Partial<UnitOptions> = {}) =>
  options(covarianceOf(randomMatrix(300, size, size), size), randomMatrix(size, outputs, 2), more);

for (const [group, size] of [
  [1, 12],
  [4, 24],
])
  test(`units of ${group}: every one is named once; how many are kept at least changes nothing among the removed`, (t) => {
    const order = orderUnits(random(size, { group }));
    const units = Array.from({ length: size / group }, (_, i) => i);
    t.deepEqual(
      order.toSorted((a, b) => a - b),
      units,
    );
    for (const keepAtLeast of [2, 4]) {
      const shorter = orderUnits(random(size, { group, keepAtLeast }));
      t.deepEqual(shorter.slice(keepAtLeast), order.slice(keepAtLeast));
      t.deepEqual(shorter.slice(0, keepAtLeast).toSorted(), order.slice(0, keepAtLeast).toSorted());
    }
  });

test('units that stand apart are kept by what they add to the result', (t) => {
  const weight = new Float64Array(4 * outputs);
  for (const [i, size] of [1, 3, 0.5, 2].entries()) weight[i * outputs] = size;
  t.deepEqual(orderUnits(options(identity(4), weight)), [1, 3, 0, 2]);
  const covariance = identity(4);
  covariance[2 * 4 + 2] = 100;
  t.deepEqual(orderUnits(options(covariance, weight)), [2, 1, 3, 0]);
});

test('a neuron that repeats another goes first, however large: the other takes over', (t) => {
  const values = randomMatrix(400, 5, 3);
  const repeated = values.map((value, at) => (at % 5 === 4 ? 3 * values[at - 2] : value));
  const weight = randomMatrix(5, outputs, 7).map((value, at) => (at >= 4 * outputs ? 10 * value : value));
  const order = orderUnits(options(covarianceOf(repeated, 5), weight));
  t.true([2, 4].includes(order[4]), `${order}`);
  // The one that stays does the work of both and is worth most.
  t.is(order[0], order[4] === 2 ? 4 : 2);
});

test('a head that repeats another goes first', (t) => {
  const [group, heads] = [3, 4];
  const size = group * heads;
  const values = randomMatrix(500, size, 5);
  const repeated = values.map((value, at) => (at % size < group ? values[at + group] - values[at + group] / 4 : value));
  const order = orderUnits(options(covarianceOf(repeated, size), randomMatrix(size, outputs, 6), { group }));
  t.true([0, 1].includes(order[heads - 1]), `${order}`);
});

for (const group of [1, 2])
  test(`every removal, groups of ${group}, is the one that costs least, by regressions from scratch`, (t) => {
    const size = 8;
    const { covariance, weight } = random(size, { group });
    const order = orderUnits(options(covariance, weight, { group, ridge: 0 }));
    const channelsOf = (units: readonly number[]) =>
      units.flatMap((unit) => Array.from({ length: group }, (_, i) => unit * group + i));
    /** What the result loses where only these units stand in for all. */
    const lost = (units: readonly number[]) => {
      const kept = channelsOf(units);
      const pick = (rows: readonly number[]) =>
        Float64Array.from(rows.flatMap((i) => kept.map((j) => covariance[i * size + j])));
      const all = Array.from({ length: size }, (_, i) => i);
      const target = multiplied(covariance, weight, size);
      const cross = multiplied(transposed(pick(all), size), weight, size);
      const map = solve(pick(kept), kept.length, cross.slice(), outputs);
      const total = weight.reduce((sum, value, at) => sum + value * target[at], 0);
      return total - map.reduce((sum, value, at) => sum + value * cross[at], 0);
    };
    for (let count = size / group; count > 1; count--) {
      const before = order.slice(0, count);
      const costs = before.map((unit) => lost(before.filter((other) => other !== unit)));
      t.true((costs.at(-1) ?? 0) <= Math.min(...costs) + 1e-9, `with ${count}: ${costs}`);
    }
  });

test('units that never move, and fewer texts than units, give an order and finite numbers', (t) => {
  const order = orderUnits(options(new Float64Array(36), randomMatrix(6, outputs, 1), { ridge: 1e-3 }));
  t.deepEqual(order.toSorted(), [0, 1, 2, 3, 4, 5]);
  const few = covarianceOf(randomMatrix(2, 6, 1), 6);
  t.deepEqual(orderUnits(options(few, randomMatrix(6, outputs, 1), { ridge: 1e-3 })).toSorted(), [0, 1, 2, 3, 4, 5]);
  t.true(inverse(few, 6).every(Number.isFinite));
});
