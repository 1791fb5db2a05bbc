/** Channels that are much larger than the rest, and 8-bit products that stay exact all the same. */
import test from 'ava';
import { smoothingOf } from '../../src/compress/int8-ranges.js';
import type { EncoderShape } from '../../src/model/index.js';
import { plainStates, randomNetwork } from '../model/plain-network.js';
import { cosine, running } from '../model/support.js';

const even = (length: number, value = 1) => new Float32Array(length).fill(value);

test('even channels are left alone', (t) => {
  const smoothing = smoothingOf({ qkv: even(32, 2), up: even(32, 0.1), down: even(64, 3) });
  t.deepEqual(smoothing, { qkv: undefined, up: undefined, copies: [], down: undefined });
});

test('a large input channel is divided down to the others, and only it', (t) => {
  const qkv = even(32);
  qkv[7] = 20;
  const { qkv: multiplier, up } = smoothingOf({ qkv, up: even(32), down: even(64) });
  t.is(up, undefined);
  t.deepEqual(multiplier && [...multiplier].map((x, i) => [i, x]).filter(([, x]) => x !== 1), [
    [7, Math.fround(1 / 20)],
  ]);
});

test('a large neuron is computed several times, and every copy divided', (t) => {
  const down = even(400);
  down[3] = 2.5;
  const { copies, down: multiplier } = smoothingOf({ qkv: even(8), up: even(8), down });
  t.deepEqual(copies, [3, 3]);
  t.is(multiplier?.length, 402);
  const shares = [3, 400, 401].map((i) => multiplier?.[i] ?? 0);
  t.true(shares.every((share) => share === Math.fround(1 / 3)));
  t.is(multiplier?.filter((x) => x === 1).length, 399);
});

test('channels that never moved, and one beyond all measure, give a network of sane size', (t) => {
  const down = new Float32Array(400);
  down[0] = 1e6;
  const { qkv, copies, down: multiplier } = smoothingOf({ qkv: new Float32Array(8), up: down, down });
  t.is(qkv, undefined);
  t.true(copies.length > 0 && copies.length < 32);
  t.true(multiplier?.every((x) => x > 0 && x <= 1));
});

test('a network with outliers is nearer to float32 with smoothing than without', async (t) => {
  const shape: EncoderShape = {
    vocabSize: 60,
    hiddenSize: 64,
    headSize: 16,
    maxTokens: 16,
    tokenTypes: false,
    activation: 'gelu',
    layerNormEps: 1e-12,
    layers: Array.from({ length: 2 }, () => ({ heads: 4, neurons: 400 })),
  };
  const tensors = randomNetwork(shape, 9);
  // As in trained networks: one channel that a normalisation blows up, one neuron that fires far above the others.
  for (const name of ['embeddings.LayerNorm', 'encoder.layer.0.attention.output.LayerNorm'])
    tensors.values(`${name}.weight`)[5] = 40;
  for (let layer = 0; layer < 2; layer++) {
    for (const part of ['self.query', 'self.key', 'self.value'])
      scaleColumn(tensors.values(`encoder.layer.${layer}.attention.${part}.weight`), 64, 5, 1 / 40);
    const inwards = tensors.values(`encoder.layer.${layer}.intermediate.dense.weight`);
    scaleColumn(inwards, 64, 5, 1 / 40);
    tensors.values(`encoder.layer.${layer}.intermediate.dense.bias`)[11] = 25;
    scaleColumn(tensors.values(`encoder.layer.${layer}.output.dense.weight`), 400, 11, 1 / 10);
  }
  const texts = Array.from({ length: 6 }, (_, i) => Array.from({ length: 5 + i }, (__, j) => (7 * i + 11 * j) % 60));
  const pooling = { mode: 'mean' } as const;

  const exact = await running(t, tensors, shape, { bits: 32, pooling, ranges: true });
  const sites = ['qkv', 'up', 'down'] as const;
  const names = shape.layers.flatMap((_, layer) => sites.map((site) => `range_${site}_${layer}`));
  const found = new Map(names.map((name) => [name, new Float32Array()]));
  const wanted: Float32Array[] = [];
  for (const ids of texts) {
    const outputs = await exact.run([ids], 0, ['pooled', ...names]);
    wanted.push(outputs.pooled.slice());
    for (const name of names) {
      const before = found.get(name) ?? new Float32Array();
      found.set(
        name,
        outputs[name].map((x, i) => Math.max(x, before[i] ?? 0)),
      );
    }
  }
  const rangesOf = (layer: number, site: string) => found.get(`range_${site}_${layer}`) ?? new Float32Array();
  t.true(
    Math.abs(
      rangesOf(0, 'qkv')[5] -
        Math.max(...texts.flatMap((ids) => plainStates(tensors, shape, ids)[0].map((row) => Math.abs(row[5])))),
    ) < 1e-3,
  );
  t.is(rangesOf(1, 'down').length, 400);

  const smoothing = shape.layers.map((_, layer) =>
    smoothingOf({ qkv: rangesOf(layer, 'qkv'), up: rangesOf(layer, 'up'), down: rangesOf(layer, 'down') }),
  );
  t.true(smoothing.every(({ copies }) => copies.includes(11)));
  const mean = async (options: { smoothing?: typeof smoothing }) => {
    const session = await running(t, tensors, shape, { bits: 8, pooling, ...options });
    let sum = 0;
    for (const [i, ids] of texts.entries())
      sum += 1 - cosine((await session.run([ids], 0, ['pooled'])).pooled, wanted[i]);
    return sum / texts.length;
  };
  const [plain, smooth] = [await mean({}), await mean({ smoothing })];
  t.log(`distance to float32: ${plain.toExponential(1)} without, ${smooth.toExponential(1)} with`);
  t.true(smooth < plain / 2);
});

test('multipliers and copies change nothing but rounding', async (t) => {
  const shape: EncoderShape = {
    vocabSize: 20,
    hiddenSize: 16,
    headSize: 8,
    maxTokens: 8,
    tokenTypes: false,
    activation: 'relu',
    layerNormEps: 1e-12,
    layers: [{ heads: 2, neurons: 30 }],
  };
  const tensors = randomNetwork(shape, 2);
  const pooling = { mode: 'mean' } as const;
  const qkv = even(16);
  qkv[3] = 0.25;
  const plain = await running(t, tensors, shape, { bits: 8, pooling });
  const smooth = await running(t, tensors, shape, { bits: 8, pooling, smoothing: [{ qkv, up: qkv, copies: [] }] });
  const ids = [[1, 2, 3, 4, 5]];
  const [one, other] = [(await plain.run(ids, 0, ['pooled'])).pooled, (await smooth.run(ids, 0, ['pooled'])).pooled];
  t.true(cosine(one, other) > 0.999);
  // Copies that aren't shared out by `down` would count double; shared out as smoothingOf does, they don't.
  const shared = even(33);
  for (const i of [4, 30, 31]) shared[i] = 1 / 3;
  for (const i of [9, 32]) shared[i] = 1 / 2;
  const copied = await running(t, tensors, shape, {
    bits: 8,
    pooling,
    smoothing: [{ copies: [4, 4, 9], down: shared }],
  });
  t.true(cosine(one, (await copied.run(ids, 0, ['pooled'])).pooled) > 0.999);
});

function scaleColumn(matrix: Float32Array, columns: number, column: number, factor: number): void {
  for (let i = column; i < matrix.length; i += columns) matrix[i] *= factor;
}
