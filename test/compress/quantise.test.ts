/** Weights as 8-bit integers. */
import test from 'ava';
import { floatToHalf, halfToFloat } from '../../src/checkpoint/index.js';
import {
  dequantise,
  dequantiseNibbles,
  quantise,
  quantiseToHalfScaledNibbles,
  quantiseToNibbles,
  quantiseWithHalfScales,
} from '../../src/compress/quantise.js';
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

for (const block of [32, 64])
  test(`4 bits in blocks of ${block}: within half a step where nothing is cut, and what is read back rounds to itself`, (t) => {
    const { values, scales } = quantiseToNibbles(matrix, columns, block);
    const blocks = Math.ceil(columns / block);
    t.is(values.length, (rows * blocks * block) / 2);
    t.is(scales.length, rows * blocks);
    const back = dequantiseNibbles({ values, scales }, block);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < blocks * block; c++) {
        const [value, scale] = [back[r * blocks * block + c], scales[r * blocks + Math.floor(c / block)]];
        if (c >= columns) t.is(Math.abs(value), 0, 'what fills up a row is zero');
        else if (Math.abs(Math.round(value / scale)) < 7)
          t.true(Math.abs(value - row(r)[c]) <= Math.abs(scale) * 0.5001);
      }
    // Stored in 4 bits and cut to 4 bits: the second time must not lose anything more, the padding counted as columns.
    const again = quantiseToNibbles(back, blocks * block, block);
    t.deepEqual(dequantiseNibbles(again, block), back);
  });

test('4 bits: the squared error is no larger than with the plain scale', (t) => {
  const { values, scales } = quantiseToNibbles(matrix, columns, 32);
  const back = dequantiseNibbles({ values, scales }, 32);
  const stored = back.length / rows;
  for (let r = 0; r < rows; r++)
    for (let from = 0; from < columns; from += 32) {
      const part = row(r).subarray(from, Math.min(from + 32, columns));
      const extreme = part.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);
      const plain = Math.fround(extreme / -8);
      const error = (rounded: (value: number, i: number) => number) =>
        part.reduce((sum, value, i) => sum + (rounded(value, i) - value) ** 2, 0);
      const found = error((_, i) => back[r * stored + from + i]);
      const simple = error((value) => Math.max(-8, Math.min(7, Math.round(value / plain))) * plain);
      t.true(found <= simple * (1 + 1e-6), `row ${r}: ${found} for ${simple}`);
    }
});

test('4 bits: zeros, and values too small or too large for a scale', (t) => {
  const zeros = quantiseToNibbles(new Float32Array(8), 4, 32);
  t.true(dequantiseNibbles(zeros, 32).every((value) => Math.abs(value) === 0));
  t.deepEqual([...zeros.scales], [1, 1]);
  const extremes = Float32Array.of(1e-40, -1e-42, 0, 3e38, -3e38, 1, 1e-12, -1e-9, 0);
  const found = quantiseToNibbles(extremes, 3, 32);
  t.true(found.scales.every((scale) => Number.isFinite(scale) && scale !== 0));
  t.true(dequantiseNibbles(found, 32).every(Number.isFinite));
  const tiny = quantiseToHalfScaledNibbles(Float32Array.of(1e-40, 0, 1e-9, -1e-12), 2, 32);
  const back = dequantiseNibbles({ values: tiny.values, scales: halfToFloat(tiny.halfScales) }, 32);
  t.true(
    back.every((value) => Math.abs(value) < 1e-6),
    `${back.slice(0, 2)}`,
  );
});
