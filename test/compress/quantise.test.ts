/** Weights as 8-bit integers. */
import test from 'ava';
import { floatToHalf, halfToFloat } from '../../src/checkpoint/index.js';
import { dequantise, quantise, quantiseWithHalfScales } from '../../src/compress/quantise.js';
import { seededRandom } from '../../src/train/index.js';

const random = seededRandom(5);
const [rows, columns] = [37, 90];
/** Rows of very different size: each needs a scale of its own. */
const matrix = Float32Array.from(
  { length: rows * columns },
  (_, i) => (random() - 0.5) * 10 ** ((Math.trunc(i / columns) % 9) - 4),
);
const row = (index: number) => matrix.subarray(index * columns, (index + 1) * columns);
const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

for (const limit of [127, 63])
  test(`one scale a row, magnitudes up to ${limit}: off by half a step at most`, (t) => {
    const { values, scales } = quantise(matrix, columns, { limit });
    t.is(scales.length, rows);
    for (let r = 0; r < rows; r++) {
      t.true(Math.abs(scales[r] * limit - largest(row(r))) <= 1e-6 * largest(row(r)));
      for (let c = 0; c < columns; c++) {
        const value = values[r * columns + c];
        t.true(Math.abs(value) <= limit);
        t.true(Math.abs(value * scales[r] - row(r)[c]) <= scales[r] * 0.5001);
      }
      t.is(largest(Float32Array.from(values.subarray(r * columns, (r + 1) * columns))), limit);
    }
  });

test('zeros stay zeros, and have a scale that is no zero', (t) => {
  const { values, scales } = quantise(new Float32Array(8), 4);
  t.deepEqual([...values], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.deepEqual([...scales], [1, 1]);
  const half = quantiseWithHalfScales(new Float32Array(8), 4, 4);
  t.deepEqual([...half.values], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.deepEqual([...halfToFloat(half.halfScales)], [1, 1]);
});

test('values too small or too large for their scale do no harm', (t) => {
  const extremes = Float32Array.of(1e-40, -1e-42, 0, 3e38, -3e38, 1, 1e-12, -1e-9, 0);
  for (const { values, scales } of [quantise(extremes, 3), quantise(extremes, 3, { limit: 63 })]) {
    t.true(scales.every((scale) => Number.isFinite(scale) && scale > 0));
    t.true(dequantise({ values, scales }, 3, 3).every(Number.isFinite));
  }
  const { values, halfScales } = quantiseWithHalfScales(Float32Array.of(1e-40, 0, 1e-9, -1e-12), 2, 2);
  const back = dequantise({ values, scales: halfToFloat(halfScales) }, 2, 2);
  t.true(back.every((x) => Math.abs(x) < 1e-7));
});

test('blocks of a row have scales of their own; the last one of a row may be shorter', (t) => {
  const { values, scales } = quantise(matrix, columns, { block: 64 });
  t.is(scales.length, rows * 2);
  for (let r = 0; r < rows; r++)
    for (const [block, [from, to]] of [
      [0, 64],
      [64, 90],
    ].entries()) {
      const part = row(r).subarray(from, to);
      t.true(Math.abs(scales[r * 2 + block] * 127 - largest(part)) <= 1e-6 * largest(part));
    }
  const back = dequantise({ values, scales }, columns, 64);
  for (let i = 0; i < matrix.length; i++) {
    const block = Math.trunc(i / columns) * 2 + (i % columns < 64 ? 0 : 1);
    t.true(Math.abs(back[i] - matrix[i]) <= scales[block] * 0.5001);
  }
});

test('half-precision scales: what is read back is what was rounded to', (t) => {
  const { values, halfScales } = quantiseWithHalfScales(matrix, columns, 64);
  const scales = halfToFloat(halfScales);
  t.deepEqual(floatToHalf(scales), halfScales);
  const back = dequantise({ values, scales }, columns, 64);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const scale = scales[r * 2 + (c < 64 ? 0 : 1)];
      // A scale rounded down leaves the largest value a little short: 127 times half an fp16 step of the scale.
      const short = Math.max(127 * scale * 2 ** -11, 127 * 2 ** -25);
      t.true(Math.abs(back[r * columns + c] - row(r)[c]) <= scale / 2 + short, `row ${r}`);
    }
});
