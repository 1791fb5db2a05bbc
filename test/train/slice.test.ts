/** Nested slices: the same as a network that was physically cut, and gradients land where the slice is. */
import test from 'ava';
import { roundToNibbles } from '../../src/compress/quantise.js';
import type { EncoderShape } from '../../src/model/index.js';
import { drawDrops, leadingOf, type Parameters, type Slice, seededRandom, wholeSlice } from '../../src/train/index.js';
import { POSITIONS, TYPES, WORDS } from '../../src/train/parameters.js';
import { sliceShapes } from '../../src/train/slice.js';
import { randomNetwork, Tensors } from '../model/plain-network.js';
import { farthest, gradientsOf, LABELS, randomBatch, running, wantedOf } from './network.js';

const shape: EncoderShape = {
  vocabSize: 31,
  hiddenSize: 12,
  headSize: 3,
  maxTokens: 9,
  tokenTypes: true,
  activation: 'gelu',
  layerNormEps: 1e-6,
  layers: [
    { heads: 4, neurons: 10 },
    { heads: 3, neurons: 14 },
  ],
};
const slice: Slice = {
  channels: 7,
  layers: [
    { heads: 2, neurons: 10 },
    { heads: 3, neurons: 5 },
  ],
};
const cutShape: EncoderShape = { ...shape, hiddenSize: slice.channels, layers: slice.layers };
const wanted = wantedOf([1, 0, 2]);

/** Sizes of every parameter in the slice. */
function sizesIn(parameters: Parameters): Map<string, readonly number[]> {
  const sizes = sliceShapes(slice, shape.headSize, LABELS);
  for (const table of [WORDS, POSITIONS, TYPES]) sizes.set(table, [parameters.of(table).shape[0], slice.channels]);
  return sizes;
}

function cut(parameters: Parameters): Tensors {
  const held = [...sizesIn(parameters)].map(([name, size]) => {
    const parameter = parameters.of(name);
    return [name, { shape: size, values: leadingOf(parameter, size, parameter.values) }] as const;
  });
  return new Tensors(new Map(held));
}

test('a slice answers and learns as the network cut down to it, and nothing lands outside', async (t) => {
  const master = await running(t, shape, randomNetwork(shape, 1));
  const tensors = cut(master.parameters);
  const alone = await running(t, cutShape, tensors);
  for (const name of ['head.weight', 'head.bias']) alone.parameters.of(name).values.set(tensors.values(name));

  const batch = randomBatch(2, shape.vocabSize);
  const drops = drawDrops(seededRandom(3), 0.1, batch, slice);
  const one = await master.run.run(batch, wanted, { slice: master.run.slice(slice), drops });
  const other = await alone.run.run(batch, wanted, { drops });
  t.is(one.loss, other.loss);
  t.deepEqual(one.logits, other.logits);

  const sizes = sizesIn(master.parameters);
  const inside = new Map<string, Float32Array>();
  for (const [name, gradient] of gradientsOf(master.parameters)) {
    const block = leadingOf(master.parameters.of(name), sizes.get(name) ?? [], gradient);
    inside.set(name, block);
    const nonZero = (values: Float32Array) => values.filter((x) => x !== 0).length;
    t.is(nonZero(gradient), nonZero(block), `${name} has a gradient outside of the slice`);
  }
  t.true(farthest(inside, gradientsOf(alone.parameters)).share < 1e-7);
});

test('a slice in 4 bits answers as the network that was rounded, which alone has its gradients', async (t) => {
  const master = await running(t, shape, randomNetwork(shape, 1));
  const tensors = cut(master.parameters);
  const alone = await running(t, cutShape, tensors);
  for (const { name, values } of alone.parameters) {
    const [, columns] = alone.parameters.of(name).shape;
    if (name.startsWith('head.')) values.set(tensors.values(name));
    else if (name.startsWith('encoder.') && columns !== undefined) roundToNibbles(values, columns, 32);
  }
  const weights = master.run.slice({ ...slice, bits: 4 });
  const before = [...master.parameters].map(({ values }) => values.slice());
  await weights.refresh();
  const batch = randomBatch(2, shape.vocabSize);
  const one = await master.run.run(batch, wanted, { slice: weights });
  const other = await alone.run.run(batch, wanted, {});
  t.is(one.loss, other.loss);
  t.deepEqual(one.logits, other.logits);
  t.not(one.loss, (await master.run.run(batch, wanted, { slice: master.run.slice(slice) })).loss);
  t.deepEqual(
    [...master.parameters].map(({ values }) => values),
    before,
  );
});

test('gradients of a slice are added to those of the whole, in either order', async (t) => {
  const { parameters, run } = await running(t, shape, randomNetwork(shape, 4));
  const batch = randomBatch(5, shape.vocabSize);
  const nested = run.slice(slice);
  const after = async (...slices: (typeof nested | undefined)[]) => {
    parameters.clearGradients();
    for (const one of slices) await run.run(batch, wanted, one ? { slice: one } : {});
    return gradientsOf(parameters);
  };
  const [whole, part] = [await after(undefined), await after(nested)];
  const sum = new Map([...whole].map(([name, values]) => [name, values.map((x, i) => x + (part.get(name)?.[i] ?? 0))]));
  t.true(farthest(await after(undefined, nested), sum).share < 1e-6);
  t.true(farthest(await after(nested, undefined), sum).share < 1e-6);
});

test('a slice reads what the master holds when it is refreshed', async (t) => {
  const { parameters, run } = await running(t, shape, randomNetwork(shape, 6));
  const batch = randomBatch(7, shape.vocabSize);
  const nested = run.slice(slice);
  const before = await run.logits(batch, nested);
  const { values } = parameters.of('encoder.layer.0.intermediate.dense.weight');
  for (let i = 0; i < values.length; i++) values[i] *= 1.5;
  t.deepEqual(await run.logits(batch, nested), before);
  await nested.refresh();
  const now = await run.logits(batch, nested);
  t.notDeepEqual(now, before);
  t.deepEqual(await run.logits(batch, run.slice(slice)), now);
});

test('a slice with normalisations and a head of its own trains those, not the whole network’s', async (t) => {
  const { parameters, run } = await running(t, shape, randomNetwork(shape, 8));
  const own = 'w0.58/';
  const names = ['encoder.layer.0.output.LayerNorm.weight', 'head.weight'];
  for (const name of names) {
    const { values, shape: whole } = parameters.of(name);
    const size = name.startsWith('head') ? [LABELS, slice.channels] : [slice.channels];
    parameters.add(own + name, size, leadingOf({ ...parameters.of(name), shape: whole }, size, values));
  }
  const batch = randomBatch(9, shape.vocabSize);
  const plain = await run.run(batch, wanted, { slice: run.slice(slice) });
  const expected = gradientsOf(parameters);
  parameters.clearGradients();
  const answer = await run.run(batch, wanted, { slice: run.slice({ ...slice, own }) });
  t.deepEqual(answer, plain);
  for (const name of names) {
    t.true(parameters.gradientOf(name).every((x) => x === 0));
    const { shape: size } = parameters.of(own + name);
    const shared = leadingOf(parameters.of(name), size, expected.get(name) ?? new Float32Array());
    t.deepEqual(parameters.gradientOf(own + name), shared);
  }
});

test('the whole slice is the network', async (t) => {
  const { parameters, run } = await running(t, shape, randomNetwork(shape, 10));
  const batch = randomBatch(11, shape.vocabSize);
  const plain = await run.run(batch, wanted);
  const gradients = gradientsOf(parameters);
  parameters.clearGradients();
  t.deepEqual(await run.run(batch, wanted, { slice: run.slice(wholeSlice(shape)) }), plain);
  t.deepEqual(gradientsOf(parameters), gradients);
});
