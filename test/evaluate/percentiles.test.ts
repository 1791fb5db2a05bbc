/** Percentiles by nearest rank. */
import test from 'ava';
import { percentiles } from '../../src/evaluate/percentiles.js';

test('of one to a hundred, in any order', (t) => {
  const values = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
  t.deepEqual(percentiles(values), { p50: 50, p95: 95, p99: 99 });
});

test('of few values, each is one of them; of none, zero', (t) => {
  t.deepEqual(percentiles([7]), { p50: 7, p95: 7, p99: 7 });
  t.deepEqual(percentiles([3, 1, 2]), { p50: 2, p95: 3, p99: 3 });
  t.deepEqual(percentiles([]), { p50: 0, p95: 0, p99: 0 });
});
