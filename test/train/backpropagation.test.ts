/** The whole network's gradients: against differences, for padding, dropout, accumulation and short memory. */
import test from 'ava';
import { shapeOf } from '../../src/model/index.js';
import { batchOf, drawDrops, type RunOptions, seededRandom, wholeSlice } from '../../src/train/index.js';
import { type FixtureName, fixtures, opened } from '../checkpoint/support.js';
import { farthest, gradientsOf, LABELS, normOf, randomBatch, randomRows, running, wantedOf } from './network.js';

const wanted = wantedOf([0, 2, 1]);

async function fixture(t: Parameters<typeof opened>[0], name: FixtureName, recompute = false) {
  const checkpoint = await opened(t, `${fixtures}${name}`);
  return running(t, shapeOf(checkpoint), checkpoint.tensors, { recompute });
}

for (const [name, rate] of [
  ['bert-mean', 0],
  ['bert-cls-sharded', 0],
  ['bert-single-label', 0.2],
  ['distilbert-multi-label', 0.1],
] as const)
  test(`${name}: every parameter’s slope by differences, dropout ${rate}`, async (t) => {
    const { shape, parameters, run } = await fixture(t, name);
    const batch = randomBatch(3, shape.vocabSize);
    const drops = rate > 0 ? drawDrops(seededRandom(1), rate, batch, wholeSlice(shape)) : undefined;
    const loss = async () => (await run.run(batch, wanted, { drops })).loss;
    await loss();
    const gradients = gradientsOf(parameters);
    const random = seededRandom(4);
    // Many of relu's bends lie within a wide step.
    const widest = shape.activation === 'relu' ? 1e-3 : 8e-3;
    for (const [name, gradient] of gradients) {
      const { values } = parameters.of(name);
      const before = values.slice();
      // Along the gradient the slope is large enough for 32 bits; the random part sees what the gradient leaves out.
      const chance = Float64Array.from(gradient, () => random() - 0.5);
      const [size, length] = [normOf(gradient), normOf(chance)];
      const direction = chance.map((x, i) => x / length + (size > 1e-6 ? gradient[i] / size : 0));
      const at = async (step: number) => {
        values.set(before.map((value, i) => value + step * direction[i]));
        return loss();
      };
      // Two steps, extrapolated to none (Richardson).
      const step = widest * Math.min(1, normOf(before) || 1);
      const wide = ((await at(step)) - (await at(-step))) / (2 * step);
      const narrow = ((await at(step / 2)) - (await at(-step / 2))) / step;
      const difference = (4 * narrow - wide) / 3;
      values.set(before);
      const slope = gradient.reduce((sum, x, i) => sum + x * direction[i], 0);
      const off = Math.abs(difference - slope);
      t.true(off < 2e-4 + 5e-3 * size, `${name}: ${slope} by the graphs, ${difference} by differences`);
    }
  });

test('padding changes neither the loss nor a gradient', async (t) => {
  const { shape, parameters, run } = await fixture(t, 'bert-mean');
  const rows = randomRows(seededRandom(5), [6, 1, 4], shape.vocabSize);
  const padded = batchOf(
    rows.map((row) => [...row, ...new Array<number>(9 - row.length).fill(0)]),
    rows.map((row) => Array.from({ length: 9 }, (_, i) => (i < row.length ? 1 : 0))),
  );
  const together = await run.run(padded, wanted);
  const sum = gradientsOf(parameters);
  parameters.clearGradients();
  let loss = 0;
  for (const [text, row] of rows.entries()) {
    const targets = wanted.targets.slice(text * LABELS, (text + 1) * LABELS);
    const alone = await run.run(batchOf([row]), { targets, hardWeight: 1 / 3 });
    loss += alone.loss;
    for (const [i, logit] of alone.logits.entries())
      t.true(Math.abs(logit - together.logits[text * LABELS + i]) < 1e-5);
  }
  t.true(Math.abs(loss - together.loss) < 1e-6);
  const { name, share } = farthest(sum, gradientsOf(parameters));
  t.true(share < 1e-6, `${name} ${share}`);
});

test('gradients of several batches add up, and are gone when cleared', async (t) => {
  const { shape, parameters, run } = await fixture(t, 'bert-mean');
  const batches = [randomBatch(6, shape.vocabSize), randomBatch(7, shape.vocabSize, [2, 7, 1])];
  const alone: ReadonlyMap<string, Float32Array>[] = [];
  for (const batch of batches) {
    parameters.clearGradients();
    await run.run(batch, wanted);
    alone.push(gradientsOf(parameters));
  }
  parameters.clearGradients();
  for (const batch of batches) await run.run(batch, wanted);
  const both = gradientsOf(parameters);
  const sum = new Map([...both].map(([name]) => [name, alone[0].get(name)?.slice() ?? new Float32Array()]));
  for (const [name, values] of sum) for (const [i, x] of alone[1].get(name)?.entries() ?? []) values[i] += x;
  t.true(farthest(both, sum).share < 1e-6);
  parameters.clearGradients();
  for (const values of gradientsOf(parameters).values()) t.true(values.every((x) => x === 0));
});

test('a run with the same dropout masks repeats to the bit, with others it does not', async (t) => {
  const { shape, parameters, run } = await fixture(t, 'bert-mean');
  const batch = randomBatch(8, shape.vocabSize);
  const once = async (seed: number) => {
    parameters.clearGradients();
    const drops = drawDrops(seededRandom(seed), 0.1, batch, wholeSlice(shape));
    const { loss, logits } = await run.run(batch, wanted, { drops });
    return { loss, logits, gradients: gradientsOf(parameters) };
  };
  const [first, again, other] = [await once(1), await once(1), await once(2)];
  t.deepEqual(again, first);
  t.not(other.loss, first.loss);
});

test('a mask drops about the share that was asked for, and what survives makes up for it', (t) => {
  const batch = batchOf(randomRows(seededRandom(2), [40, 40, 40, 40], 50));
  const layers = [{ heads: 4, neurons: 8 }];
  const { keep, masks } = drawDrops(seededRandom(3), 0.25, batch, { channels: 16, layers });
  t.is(keep, 4 / 3);
  for (const [name, mask] of masks) {
    const share = mask.reduce((sum, one) => sum + one, 0) / mask.length;
    if (mask.length > 1000) t.true(Math.abs(share - 0.75) < 0.03, `${name} ${share}`);
  }
  t.deepEqual([...masks.keys()].sort(), [
    '0.drop_attended',
    '0.drop_lowered',
    '0.drop_probabilities',
    'drop_embedded',
    'drop_pooled',
  ]);
});

test('with little memory a layer runs twice, and nothing changes', async (t) => {
  const runs = await Promise.all([false, true].map((recompute) => fixture(t, 'bert-mean', recompute)));
  const results = [];
  for (const { shape, parameters, run } of runs) {
    const batch = randomBatch(9, shape.vocabSize);
    const options: RunOptions = { drops: drawDrops(seededRandom(5), 0.1, batch, wholeSlice(shape)) };
    const answer = await run.run(batch, wanted, options);
    results.push({ ...answer, gradients: gradientsOf(parameters) });
  }
  t.deepEqual(results[1], results[0]);
  t.true(runs[1].run.bytes < runs[0].run.bytes);
});

test('logits without gradients are those of a run, and leave no gradient', async (t) => {
  const { shape, parameters, run } = await fixture(t, 'distilbert-multi-label');
  const batch = randomBatch(10, shape.vocabSize);
  const logits = await run.logits(batch);
  for (const values of gradientsOf(parameters).values()) t.true(values.every((x) => x === 0));
  t.deepEqual(logits, (await run.run(batch, wanted)).logits);
});

test('a teacher’s soft targets alone: no gradient where the network agrees with it', async (t) => {
  const { shape, parameters, run } = await fixture(t, 'bert-mean');
  const batch = randomBatch(11, shape.vocabSize);
  const logits = await run.logits(batch);
  const soft = new Float32Array(logits.length);
  for (let text = 0; text < batch.texts; text++) {
    const powers = logits.subarray(text * LABELS, (text + 1) * LABELS).map((logit) => Math.exp(logit / 2));
    const total = powers.reduce((sum, x) => sum + x, 0);
    soft.set(
      powers.map((x) => x / total),
      text * LABELS,
    );
  }
  const none = new Float32Array(logits.length);
  parameters.clearGradients();
  await run.run(batch, { targets: none, hardWeight: 1, teacher: { soft, weight: 1, temperature: 2 } });
  for (const [name, values] of gradientsOf(parameters)) t.true(normOf(values) < 1e-5, name);
  soft.reverse();
  await run.run(batch, { targets: none, hardWeight: 1, teacher: { soft, weight: 1, temperature: 2 } });
  t.true(normOf(parameters.gradientOf('head.weight')) > 1e-3);
});
