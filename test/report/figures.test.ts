import test from 'ava';
import { bytes, byteUnit, count, duration, inUnit } from '../../src/report/figures.js';
import { wilson } from '../../src/report/interval.js';
import { markOf } from '../../src/report/mark.js';

test("Wilson's interval: known values, never beyond 0 and 1, narrower with more rows", (t) => {
  // 8 of 10, a textbook case: 0.490 to 0.943.
  const { low, high } = wilson(0.8, 10);
  t.true(Math.abs(low - 0.4902) < 5e-4 && Math.abs(high - 0.9433) < 5e-4, `${low} ${high}`);
  t.is(wilson(0, 20).low, 0);
  t.is(wilson(1, 20).high, 1);
  t.true(wilson(1, 20).low < 1);
  const width = (rows: number) => wilson(0.9, rows).high - wilson(0.9, rows).low;
  t.true(width(1000) < width(100) / 3);
});

test('sizes in one unit a column, times and counts as they are read', (t) => {
  const unit = byteUnit([90_787_416, 900_000]);
  t.deepEqual([inUnit(90_787_416, unit), inUnit(900_000, unit), unit.name], ['90.8', '0.9', 'MB']);
  t.deepEqual([0, 12, 51_000, 3.94e6, 8.2e9].map(bytes), ['0 B', '12 B', '51.0 kB', '3.9 MB', '8.2 GB']);
  t.is(byteUnit([]).name, 'B');
  t.is(count(15_100), '15\u202f100');
  t.deepEqual([12, 300, 2730, 9000].map(duration), ['12 s', '5 min', '46 min', '2 h 30 min']);
});

test('marks are read off names: bits, prune ratio, width; any name has one', (t) => {
  t.like(markOf('w0.50-p0.25-q8'), { bits: 8, shape: 'square', width: 0.5 });
  t.like(markOf('w1.00-p0.00-q32'), { bits: 32, shape: 'circle', width: 1 });
  t.like(markOf('w0.50-p0.41-q4+a'), { bits: 4, shape: 'hexagon', width: 0.5 });
  t.like(markOf('bag-q8'), { bits: 8, shape: 'cross', means: 'without attention layers' });
  t.like(markOf('whatever'), { bits: 32, shape: 'cross' });
});
