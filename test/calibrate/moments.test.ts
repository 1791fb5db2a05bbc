/** Sums over calibration text, and what is fitted with them. */
import test, { type ExecutionContext } from 'ava';
import { calibrationBatches } from '../../src/calibrate/batches.js';
import { normalisedRows } from '../../src/calibrate/embedding.js';
import { fitNorm } from '../../src/calibrate/fit-slices.js';
import { Moments } from '../../src/calibrate/moments.js';
import { Operators } from '../../src/calibrate/operators.js';
import { farthest, randomMatrix } from '../compress/support.js';

function operators(t: ExecutionContext): Operators {
  const made = new Operators({ activation: 'gelu', layerNormEps: 1e-12, threads: 1 });
  t.teardown(() => made.close());
  return made;
}
const single = (values: Float64Array) => Float32Array.from(values);

test('texts of one length run together, each once, batches no longer than they may be', (t) => {
  const rows = Array.from({ length: 3000 }, (_, i) => Array.from({ length: 1 + (i % 7) }, (_, at) => i * 10 + at));
  const batches = calibrationBatches(rows);
  t.is(
    batches.reduce((sum, { texts }) => sum + texts, 0),
    rows.length,
  );
  for (const { ids, texts, tokens } of batches) {
    t.is(ids.length, texts * tokens);
    t.true(ids.length <= 2048);
  }
  t.deepEqual(
    batches.flatMap(({ ids }) => ids).toSorted((a, b) => a - b),
    rows.flat().toSorted((a, b) => a - b),
  );
  t.is(calibrationBatches([new Array<number>(5000).fill(1)]).length, 1, 'one text is never split');
});

test('means, covariances and cross covariances over batches are those of all rows together', async (t) => {
  const [a, b] = [single(randomMatrix(90, 4, 1)), single(randomMatrix(90, 3, 2))];
  const moments = new Moments(4, 3);
  const run = operators(t);
  for (const [from, to] of [
    [0, 50],
    [50, 51],
    [51, 90],
  ])
    await moments.add(run, a.slice(from * 4, to * 4), b.slice(from * 3, to * 3), to - from);
  const column = (values: Float32Array, width: number, at: number) =>
    Array.from({ length: 90 }, (_, row) => values[row * width + at]);
  const covariance = (x: number[], y: number[]) => {
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return mean(x.map((value, i) => value * y[i])) - mean(x) * mean(y);
  };
  const grid = (p: number, q: number, of: (i: number, j: number) => number) =>
    Array.from({ length: p * q }, (_, at) => of(Math.floor(at / q), at % q));
  const own = grid(4, 4, (i, j) => covariance(column(a, 4, i), column(a, 4, j)));
  const cross = grid(4, 3, (i, j) => covariance(column(a, 4, i), column(b, 3, j)));
  t.true(farthest(moments.covariance(), own) < 1e-6);
  t.true(farthest(moments.crossCovariance(), cross) < 1e-6);
});

test('a regression finds the map that made the values; a strong ridge draws it to the prior', async (t) => {
  const a = single(randomMatrix(200, 5, 3));
  const [map, shift] = [randomMatrix(5, 2, 4), [0.5, -2]];
  const b = Float32Array.from({ length: 400 }, (_, at) => {
    const [row, output] = [Math.floor(at / 2), at % 2];
    return shift[output] + [0, 1, 2, 3, 4].reduce((sum, i) => sum + a[row * 5 + i] * map[i * 2 + output], 0);
  });
  const moments = new Moments(5, 2);
  await moments.add(operators(t), a, b, 200);
  const free = moments.regression(1e-9);
  t.true(farthest(free.weight, map) < 1e-4);
  t.true(farthest(free.bias, shift) < 1e-4);
  const prior = randomMatrix(5, 2, 5);
  t.true(farthest(moments.regression(1e6, prior).weight, prior) < 1e-3);
  t.true(moments.regression(1e6).weight.every((value) => Math.abs(value) < 1e-3));
});

test('normalised rows have mean 0 and variance 1 over what is kept', (t) => {
  const rows = normalisedRows(single(randomMatrix(6, 10, 7)), 10, 4, 1e-12);
  t.is(rows.length, 24);
  for (let row = 0; row < 6; row++) {
    const values = [...rows.subarray(row * 4, row * 4 + 4)];
    t.true(Math.abs(values.reduce((sum, x) => sum + x, 0)) < 1e-5);
    t.true(Math.abs(values.reduce((sum, x) => sum + x * x, 0) / 4 - 1) < 1e-5);
  }
});

test("normalisation vectors are found again, over several batches; a channel that stands still keeps the network's scale", (t) => {
  const [scale, bias] = [
    [2, -0.5, 1],
    [0.25, 3, -1],
  ];
  const normalised = [single(randomMatrix(40, 3, 8)), single(randomMatrix(25, 3, 9))];
  for (const each of normalised) for (let row = 0; row < each.length; row += 3) each[row + 2] = 0.5;
  // The whole network has five channels; the first three are kept.
  const target = normalised.map((each) =>
    Float32Array.from({ length: (each.length / 3) * 5 }, (_, at) => {
      const channel = at % 5;
      return channel < 3 ? each[Math.floor(at / 5) * 3 + channel] * scale[channel] + bias[channel] : 99;
    }),
  );
  const prior = { scale: Float32Array.of(1, 1, 7, 1, 1), bias: new Float32Array(5) };
  const found = fitNorm(normalised, 3, target, prior);
  t.true(farthest(found.scale, [2, -0.5, 7]) < 1e-4, `${found.scale}`);
  t.true(farthest(found.bias, [0.25, 3, 0.5 * 1 - 1 - 0.5 * 7]) < 1e-4, `${found.bias}`);
});
