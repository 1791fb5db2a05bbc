/** The order of the hidden channels. */
import test from 'ava';
import { orderChannels, type ReadingSite } from '../../src/compress/channel-order.js';
import { solve } from '../../src/compress/linear-algebra.js';
import { covarianceOf, identity, multiplied, randomMatrix, transposed } from './support.js';

/** Channels that are mixed out of a few sources, read by random products. */
function site(size: number, sources: number, seed: number): ReadingSite {
  const values = multiplied(randomMatrix(200, sources, seed), randomMatrix(sources, size, seed + 1), sources);
  const noise = randomMatrix(200, size, seed + 2);
  const noisy = values.map((value, at) => value + 0.1 * noise[at]);
  const weight = randomMatrix(size, 12, seed + 3);
  return { covariance: covarianceOf(noisy, size), reading: multiplied(weight, transposed(weight, size), 12) };
}

const numbers = (size: number) => Array.from({ length: size }, (_, i) => i);

test('an order names every channel once, the same every time', (t) => {
  const sites = [site(24, 6, 1), site(24, 9, 5)];
  const order = orderChannels(sites, 24);
  t.deepEqual(
    order.toSorted((a, b) => a - b),
    numbers(24),
  );
  t.deepEqual(orderChannels(sites, 24), order);
});

test('channels that vary much and are read come first; those that stand still or that nobody reads come last', (t) => {
  const covariance = new Float64Array(36);
  const reading = identity(6);
  for (const [i, variance] of [0.5, 4, 1, 0, 9, 2].entries()) covariance[i * 6 + i] = variance;
  reading[4 * 6 + 4] = 0;
  const order = orderChannels([{ covariance, reading }], 6);
  t.deepEqual(order.slice(0, 4), [1, 5, 2, 0]);
  t.deepEqual(order.slice(4).toSorted(), [3, 4]);
});

test('of two channels that say the same, one is kept and the other goes to the end', (t) => {
  const values = randomMatrix(300, 5, 8);
  // Channel 3 is twice channel 1, the two largest; a choice by size alone would keep both.
  const doubled = values.map((value, at) => (at % 5 === 3 ? 6 * values[at - 2] : at % 5 === 1 ? 3 * value : value));
  const order = orderChannels([{ covariance: covarianceOf(doubled, 5), reading: identity(5) }], 5);
  t.deepEqual([order[0], order[4]].toSorted(), [1, 3]);
});

test('a channel from which many others follow comes before a larger one that stands alone', (t) => {
  const values = randomMatrix(400, 6, 4);
  const mixed = values.map((value, at) => {
    const channel = at % 6;
    if (channel === 0) return 1.5 * value; // alone
    return values[at - channel + 1] + 0.01 * value; // all of one source
  });
  const order = orderChannels([{ covariance: covarianceOf(mixed, 6), reading: identity(6) }], 6);
  t.not(order[0], 0);
  t.is(order[1], 0);
});

test('what is kept up to date is what would be computed anew: every choice is the best one', (t) => {
  const [one, two] = [site(9, 5, 11), site(9, 4, 17)];
  const order = orderChannels([one, two], 9);
  /** Share of the products' results that the kept channels leave unexplained, by a regression from scratch. */
  const left = ({ covariance, reading }: ReadingSite, kept: readonly number[]) => {
    const pick = (rows: readonly number[], columns: readonly number[]) =>
      Float64Array.from(rows.flatMap((i) => columns.map((j) => covariance[i * 9 + j])));
    const cross = pick(kept, numbers(9));
    const map = solve(pick(kept, kept), kept.length, cross.slice(), 9);
    const explained = multiplied(transposed(cross, kept.length), map, kept.length);
    const trace = (matrix: ArrayLike<number>) =>
      multiplied(matrix, reading, 9).reduce((sum, x, at) => sum + (at % 10 === 0 ? x : 0), 0);
    return 1 - trace(explained) / trace(covariance);
  };
  const lost = (kept: readonly number[]) => left(one, kept) + left(two, kept);
  for (let count = 0; count < 8; count++) {
    const kept = order.slice(0, count);
    const others = order.slice(count).map((channel) => lost([...kept, channel]));
    t.true(others[0] <= Math.min(...others) + 1e-6, `choice ${count}: ${others}`);
  }
});

test('text in which nothing varies still gives an order', (t) => {
  const order = orderChannels([{ covariance: new Float64Array(16), reading: identity(4) }], 4);
  t.deepEqual(order.toSorted(), numbers(4));
});
