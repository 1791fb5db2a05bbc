/** Memory of training: less is made do with in ways that cost little first, and too little is told. */
import test from 'ava';
import { planMemory, trainingBytes } from '../../../src/build/training/memory-plan.js';
import type { EncoderShape } from '../../../src/model/index.js';

const shape: EncoderShape = {
  vocabSize: 30_522,
  hiddenSize: 384,
  headSize: 32,
  maxTokens: 512,
  tokenTypes: true,
  activation: 'gelu',
  layerNormEps: 1e-12,
  layers: Array.from({ length: 6 }, () => ({ heads: 12, neurons: 1536 })),
};
const needs = { shape, parameters: 22_700_000, ownParameters: 1_000_000, longest: 40, stepTokens: 64 * 40 };

test('with room enough, steps run at once', (t) => {
  const { tokenBudget, recompute, bytes } = planMemory(needs);
  t.is(tokenBudget, 2048);
  t.false(recompute);
  t.true(bytes > 0.9e9 && bytes < 1.8e9, `${bytes}`);
});

test('with less, steps are split; with less yet, layers run twice; what is planned is within what was allowed', (t) => {
  let before = Number.POSITIVE_INFINITY;
  for (const allowed of [1.4e9, 1.25e9, 1.1e9, 1.02e9]) {
    const { tokenBudget, bytes } = planMemory(needs, allowed);
    t.true(bytes <= allowed);
    t.true(tokenBudget <= before);
    before = tokenBudget;
  }
  t.true(trainingBytes(needs, 2048, true) < trainingBytes(needs, 2048, false));
});

test('a long text runs alone, and counts whole', (t) => {
  const long = { ...needs, longest: 512, stepTokens: 64 * 512 };
  t.is(trainingBytes(long, 128, false), trainingBytes(long, 512, false));
  t.true(trainingBytes(long, 128, false) > trainingBytes(needs, 128, false));
});

test('where nothing fits, it is said how much would', (t) => {
  t.throws(() => planMemory(needs, 5e8), { code: 'TRAINING_MEMORY', message: /needs \d+ MiB, and may take 477 MiB/ });
});
