/** Memory is stated before a run, and held. */
import test from 'ava';
import { shapeOf } from '../../src/model/index.js';
import { activationBytes } from '../../src/train/index.js';
import { fixtures, opened } from '../checkpoint/support.js';
import { randomBatch, running, wantedOf } from './network.js';

for (const [name, recompute] of [
  ['bert-mean', false],
  ['bert-mean', true],
  ['distilbert-multi-label', false],
] as const)
  test(`${name}${recompute ? ', recomputed' : ''}: what was stated is what a run keeps`, async (t) => {
    const checkpoint = await opened(t, `${fixtures}${name}`);
    const { shape, run } = await running(t, shapeOf(checkpoint), checkpoint.tensors, { recompute });
    await run.run(randomBatch(1, shape.vocabSize, [5, 2, 7]), wantedOf([0, 1, 2]));
    t.is(run.bytes, activationBytes(shape, { texts: 3, tokens: 7, recompute }));
    // A smaller batch fits into what is there.
    const before = run.bytes;
    await run.logits(randomBatch(2, shape.vocabSize, [3]));
    if (recompute) t.is(run.bytes, before);
  });
