/** Percentiles out of 960 buckets. */
import test from 'ava';
import { LatencyHistogram } from '../../agent/latency.js';
import { randomSource } from './support/random.js';

test('percentiles are within 1.2 % of the exact ones', (t) => {
  const random = randomSource(7);
  const histogram = new LatencyHistogram();
  const values = Array.from({ length: 5000 }, () => 10 ** (random() * 5 - 2));
  for (const value of values) histogram.record(value);
  values.sort((a, b) => a - b);
  const { count, p50, p95, p99, max } = histogram.stats();
  t.is(count, 5000);
  t.is(max, values[4999]);
  for (const [share, found] of [
    [0.5, p50],
    [0.95, p95],
    [0.99, p99],
  ] as const) {
    const exact = values[Math.ceil(share * 5000) - 1];
    t.true(Math.abs(found / exact - 1) < 0.012, `${share}: ${found} for ${exact}`);
  }
});

test('nothing recorded, nothing at all, and beyond every bucket', (t) => {
  const histogram = new LatencyHistogram();
  t.deepEqual(histogram.stats(), { count: 0, p50: 0, p95: 0, p99: 0, max: 0 });
  histogram.record(0, 3);
  t.deepEqual(histogram.stats(), { count: 3, p50: 0, p95: 0, p99: 0, max: 0 });
  histogram.record(1e12);
  t.is(histogram.stats().max, 1e12);
  t.true(histogram.percentile(1) >= 1e6);
  histogram.reset();
  t.is(histogram.stats().count, 0);
});
