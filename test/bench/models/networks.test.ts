import { join } from 'node:path';
import test from 'ava';
import { mobileBert, planMobileBert } from '../../../src/bench/models/mobilebert.js';
import { holds, makeNetwork, nameOf, networkIds, planProfile, shapes } from '../../../src/bench/models/networks.js';
import { encoderTensorShapes, RandomSource } from '../../../src/bench/models/random-source.js';
import { openBundle } from '../../../src/bundle/index.js';
import { writeProfile } from '../../../src/bundle/making.js';
import { EncoderSession } from '../../../src/infer/index.js';
import { bundleOf, useOwnCache } from '../../bundle/support.js';
import { temporaryFolder } from '../../checkpoint/support.js';

useOwnCache(test);

const count = (tensors: ReadonlyMap<string, readonly number[]>) =>
  [...tensors].reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0);
const withoutHead = { bits: 32, pooling: { mode: 'mean' } } as const;

test('MobileBERT has the parameters of the published model', (t) => {
  const labels = 2;
  const { plan, tensors } = planMobileBert(labels);
  const head = (mobileBert.hiddenSize + 1) * labels;
  t.is(count(tensors) - head, 24_581_888);
  t.is(plan.weightBytes, 4 * count(tensors));
});

test('the shapes of BERT, DistilBERT and MiniLM have the parameters of the published models', (t) => {
  const pooler = (hiddenSize: number) => hiddenSize * (hiddenSize + 1);
  const params = (name: keyof typeof shapes) => count(encoderTensorShapes(shapes[name], withoutHead));
  t.is(params('bert-base') + pooler(768), 109_482_240);
  t.is(params('distilbert'), 66_362_880);
  t.is(params('minilm-l6') + pooler(384), 22_713_216);
});

test("a profile's stand-in is cut on all axes", (t) => {
  const { shape, plan } = planProfile('w0.50-p0.50-q8');
  t.like(shape, { hiddenSize: 192, headSize: 32 });
  t.deepEqual(shape.layers, new Array(6).fill({ heads: 6, neurons: 768 }));
  t.true(plan.weightBytes < 0.15 * planProfile('w1.00-p0.00-q32').plan.weightBytes);
});

test('random tensors are the same however they are read, and normalisations leave what they get', async (t) => {
  const source = new RandomSource(
    new Map([
      ['table', [6, 4]],
      ['LayerNorm.weight', [4]],
      ['LayerNorm.bias', [4]],
    ]),
  );
  const whole = await source.read('table');
  t.deepEqual(await source.readRows('table', 2, 5), whole.slice(8, 20));
  t.is(new Set(whole).size, 24);
  t.deepEqual(
    [...(await source.read('LayerNorm.weight')), ...(await source.read('LayerNorm.bias'))],
    [1, 1, 1, 1, 0, 0, 0, 0],
  );
  await t.throwsAsync(source.read('other'), { code: 'TENSOR_MISSING' });
});

test('MobileBERT runs, its numbers stay finite, and the order of words counts', async (t) => {
  const { plan, tensors } = planMobileBert(3, 2);
  const folder = join(await temporaryFolder(t), 'mobilebert');
  const { modelPath } = await writeProfile(plan, new RandomSource(tensors), folder);
  const session = await EncoderSession.open(modelPath, { threads: 1 });
  const text = [101, 2023, 2003, 102];
  const alone = await session.run([text], 0, ['pooled', 'logits']);
  t.is(alone.pooled.length, mobileBert.hiddenSize);
  t.true(alone.logits.every(Number.isFinite));
  t.true(alone.logits.some((logit) => Math.abs(logit) > 1e-7));
  const other = await session.run([[101, 2003, 2023, 102]], 0, ['logits']);
  t.notDeepEqual(other.logits, alone.logits);
  await session.release();
});

test('networks out of a bundle are the bundle’s; those that it lacks are said to be random', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await openBundle(await bundleOf(t));
  t.true(holds(bundle, 'w1.00-p0.00-q8'));
  t.false(holds(bundle, 'w0.50-p0.50-q8'));
  t.false(holds(undefined, 'w1.00-p0.00-q8'));
  const [held, lacking] = ['w1.00-p0.00-q8', 'w0.50-p0.50-q8'].map((profile) =>
    makeNetwork(profile, { folder, bundle }),
  );
  t.like(await held, { weights: "the bundle's weights", vocabSize: bundle.manifest.model.vocabSize });
  t.like(await lacking, { weights: 'random weights', vocabSize: 30_522 });
  t.deepEqual(networkIds(bundle), [...networkIds(undefined), 'w1.00-p0.00-q4']);
  t.is(nameOf('bert-base'), 'BERT-base');
  t.is(nameOf('w0.50-p0.50-q8'), 'w0.50-p0.50-q8');
});
