/** Networks of every kind that can be emitted, with random weights, against plain loops. */
import test from 'ava';
import { type EncoderShape, headTensors } from '../../src/model/index.js';
import { plainMean, plainStates, randomNetwork } from './plain-network.js';
import { cosine, fixture, rowOf, running, unit, worst } from './support.js';

const base: EncoderShape = {
  vocabSize: 50,
  hiddenSize: 32,
  headSize: 8,
  maxTokens: 12,
  tokenTypes: true,
  activation: 'gelu',
  layerNormEps: 1e-12,
  layers: [
    { heads: 4, neurons: 64 },
    { heads: 4, neurons: 64 },
  ],
};
const texts = [[2, 5, 3], [2, 7, 40, 11, 49, 0, 3], Array.from({ length: 12 }, (_, i) => (i * 17) % 50)];
const pooling = { mode: 'mean' } as const;

const kinds: Record<string, Partial<EncoderShape>> = {
  'gelu by erf': {},
  'gelu by tanh': { activation: 'gelu_new' },
  relu: { activation: 'relu' },
  'no token types': { tokenTypes: false },
  'a coarse epsilon': { layerNormEps: 1e-2 },
  'layers cut to sizes of their own': {
    layers: [
      { heads: 3, neurons: 40 },
      { heads: 1, neurons: 5 },
    ],
  },
  'a hidden size of 24, which no block of 16 divides': { hiddenSize: 24, headSize: 6 },
  'a hidden size of 312, as TinyBERT has': { hiddenSize: 312, headSize: 26, layers: [{ heads: 12, neurons: 100 }] },
};

for (const [name, change] of Object.entries(kinds))
  test(`${name}: float32 exactly, 8 bits nearly, alone and padded`, async (t) => {
    const shape = { ...base, ...change };
    const tensors = randomNetwork(shape, 7);
    const exact = await running(t, tensors, shape, { bits: 32, pooling, hiddenStates: true });
    const eight = await running(t, tensors, shape, { bits: 8, pooling });
    const together = (await exact.run(texts, 0, ['pooled'])).pooled;
    for (const [row, ids] of texts.entries()) {
      const states = plainStates(tensors, shape, ids);
      const names = states.map((_, i) => `hidden_${i}`);
      const outputs = await exact.run([ids], 0, ['pooled', ...names]);
      for (const [i, state] of states.entries())
        t.true(worst(outputs[names[i]], state.flat()) < 2e-5, `state ${i}: ${worst(outputs[names[i]], state.flat())}`);
      const mean = plainMean(states.at(-1) ?? []);
      t.true(worst(outputs.pooled, mean) < 2e-5);
      t.true(worst(rowOf(together, texts.length, row), mean) < 2e-5);
      const similar = cosine((await eight.run([ids], 0, ['pooled'])).pooled, mean);
      t.true(similar > 0.995, `8 bits: ${similar}`);
    }
  });

for (const mode of ['mean', 'cls', 'max', 'mean_sqrt_len'] as const)
  test(`${mode}: a graph for texts of one length gives what the one with a mask gives, and takes no other texts`, async (t) => {
    const tensors = randomNetwork(base, 11);
    const alike = [texts[1], texts[1].toReversed()];
    for (const bits of [32, 8, 4] as const) {
      const options = { bits, pooling: { mode } };
      const masked = (await (await running(t, tensors, base, options)).run(alike, 0, ['pooled'])).pooled;
      const session = await running(t, tensors, base, { ...options, unpadded: true });
      const difference = worst((await session.run(alike, 0, ['pooled'])).pooled, masked);
      // 4-bit products round what they read, and may round a difference of the last digit up.
      t.true(difference < (bits === 4 ? 0.02 : 1e-5), `q${bits}: ${difference}`);
      await t.throwsAsync(session.run(texts, 0, ['pooled']), { message: /one length/ });
    }
  });

test('the plain loops are the reference: they give its numbers on a fixture', async (t) => {
  const { checkpoint, expected } = await fixture(t, 'bert-mean');
  const { config, tensors, maxTokens } = checkpoint;
  const shape: EncoderShape = {
    ...base,
    ...config,
    maxTokens,
    tokenTypes: true,
    layers: Array.from({ length: config.layers }, () => ({ heads: config.heads, neurons: config.intermediateSize })),
  };
  const held = randomNetwork(shape, 1);
  for (const name of held.names)
    held.values(name).set((await tensors.read(name)).subarray(0, held.values(name).length));
  const [, one] = expected.texts;
  const states = plainStates(held, shape, one.inputIds);
  for (const [i, state] of (one.hiddenStates ?? []).entries()) t.true(worst(states[i].flat(), state.flat()) < 1e-5);
  t.is(one.hiddenStates?.length, states.length);
});

test('a fitted head: logits of the unit vector, and the cosine to the nearest prototype', async (t) => {
  const [labels, prototypes] = [5, 15];
  const { weight, bias, prototypes: typical } = headTensors;
  const size = base.hiddenSize;
  const extra = { [weight]: [labels, size], [bias]: [labels], [typical]: [prototypes, size] };
  const tensors = randomNetwork(base, 3, extra);
  const rows = tensors.values(typical);
  for (let i = 0; i < prototypes; i++) rows.set(unit(rows.subarray(i * size, (i + 1) * size)), i * size);
  // At 8 bits the prototypes may be rounded too.
  for (const [bits, tolerance] of [
    [32, 1e-5],
    [8, 0.01],
  ] as const) {
    const head = { kind: 'fitted', labels, hiddenSize: size, prototypes, normalize: true } as const;
    const session = await running(t, tensors, base, { bits, pooling, head });
    t.true(session.has('similarity') && session.has('logits'));
    const outputs = await session.run(texts, 0, ['pooled', 'logits', 'similarity']);
    for (const row of texts.keys()) {
      const vector = unit(rowOf(outputs.pooled, texts.length, row));
      const product = (matrix: Float32Array, i: number) =>
        vector.reduce((sum, x, j) => sum + x * matrix[i * size + j], 0);
      const logits = Array.from(tensors.values(bias), (b, i) => b + product(tensors.values(weight), i));
      t.true(worst(rowOf(outputs.logits, texts.length, row), logits) < tolerance);
      const nearest = Math.max(...Array.from({ length: prototypes }, (_, i) => product(rows, i)));
      t.true(Math.abs(outputs.similarity[row] - nearest) < tolerance);
    }
  }
});

test('a head without prototypes has no similarity', async (t) => {
  const extra = { [headTensors.weight]: [2, base.hiddenSize], [headTensors.bias]: [2] };
  const head = { kind: 'fitted', labels: 2, hiddenSize: base.hiddenSize, prototypes: 0, normalize: false } as const;
  const session = await running(t, randomNetwork(base, 3, extra), base, { bits: 32, pooling, head });
  t.false(session.has('similarity'));
  t.is((await session.run(texts, 0, ['logits'])).logits.length, texts.length * 2);
});
