/** Counting parameters and multiplications. */
import test from 'ava';

import { countMacsPerToken, countParams, type EncoderShape, shapeOf } from '../../src/model/index.js';
import { fixture, headOf } from './support.js';

test('parameters are all numbers of the checkpoint that a text can reach', async (t) => {
  for (const name of ['bert-single-label', 'distilbert-multi-label'] as const) {
    const { checkpoint } = await fixture(t, name);
    const { tensors, config } = checkpoint;
    let held = 0;
    for (const tensor of tensors.names) held += tensors.shape(tensor).reduce((product, size) => product * size, 1);
    // Texts are one segment, so of the token types one row counts.
    const unreachable = Math.max(0, config.typeVocabSize - 1) * config.hiddenSize;
    const { pooling } = checkpoint;
    t.is(countParams(shapeOf(checkpoint), { bits: 32, pooling, head: headOf(checkpoint) }), held - unreachable, name);
  }
});

test("a fitted head's labels and prototypes count", (t) => {
  const shape: EncoderShape = {
    vocabSize: 10,
    hiddenSize: 4,
    headSize: 2,
    maxTokens: 3,
    tokenTypes: false,
    activation: 'gelu',
    layerNormEps: 0,
    layers: [],
  };
  const pooling = { mode: 'mean' } as const;
  const without = countParams(shape, { bits: 8, pooling });
  t.is(without, (10 + 3) * 4 + 2 * 4);
  const head = { kind: 'fitted', labels: 5, hiddenSize: 4, prototypes: 15, normalize: true } as const;
  t.is(countParams(shape, { bits: 8, pooling, head }), without + 5 * (4 + 1) + 15 * 4);
});

test('multiplications a token: four matrices of attention and two of the feed-forward layer, each as it was cut', (t) => {
  const layers = [
    { heads: 12, neurons: 1536 },
    { heads: 6, neurons: 100 },
  ];
  const shape = { vocabSize: 1, hiddenSize: 384, headSize: 32, maxTokens: 1, tokenTypes: true, layers } as const;
  const macs = countMacsPerToken({ ...shape, activation: 'gelu', layerNormEps: 0 });
  t.is(macs, 4 * 384 * 384 + 2 * 384 * 1536 + (4 * 384 * 192 + 2 * 384 * 100));
});
