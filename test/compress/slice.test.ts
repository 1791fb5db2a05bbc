/** Networks rearranged, and slices cut out of them. */
import test from 'ava';
import { type Arrangement, arranged } from '../../src/compress/arrange.js';
import { seededRandom } from '../../src/train/index.js';
import { distance, randomTexts, shape, sliceOf, statesOf, stored } from '../calibrate/support.js';
import { randomNetwork } from '../model/plain-network.js';
import { farthest } from './support.js';

const FULL = { width: 1, prune: 0 };
const texts = randomTexts(5, 3);
const network = randomNetwork(shape, 1, {
  'head.weight': [3, shape.hiddenSize],
  'head.prototypes': [6, shape.hiddenSize],
});

function shuffled(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({ i, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ i }) => i);
}

const arrangement: Arrangement = {
  channels: shuffled(24, 1),
  heads: [shuffled(4, 2), shuffled(4, 3)],
  neurons: [shuffled(20, 4), shuffled(20, 5)],
  headSize: 4,
};

test('a rearranged network is the same function, its channels in another order', async (t) => {
  const moved = arranged(network, arrangement);
  const [before, after] = [await statesOf(t, network, FULL, texts), await statesOf(t, moved, FULL, texts)];
  let farthest = 0;
  for (const [text, states] of after.entries())
    for (const [at, value] of states.entries())
      farthest = Math.max(
        farthest,
        Math.abs(value - before[text][Math.floor(at / 24) * 24 + arrangement.channels[at % 24]]),
      );
  t.true(farthest < 1e-4, `${farthest}`);
});

test('rows of a rearranged tensor are those of the whole', async (t) => {
  const moved = arranged(network, arrangement);
  for (const name of moved.names) {
    const whole = await moved.read(name);
    const [rows] = moved.shape(name);
    t.deepEqual(await moved.readRows(name, 1, rows), whole.slice(whole.length / rows), name);
  }
});

test('the slice that keeps all is the master itself, tensor by tensor', async (t) => {
  const master = await stored(t, network);
  const slice = sliceOf(master, FULL);
  for (const name of master.names) {
    t.deepEqual(slice.shape(name), master.shape(name), name);
    if (name === 'head.prototypes') continue; // brought to length one once more, for slices need it
    t.deepEqual(await slice.read(name), await master.read(name), name);
    const [rows] = master.shape(name);
    t.deepEqual(await slice.readRows(name, rows - 1, rows), await master.readRows(name, rows - 1, rows), name);
  }
});

test('a slice without corrections is the first channels, heads and neurons of every tensor', async (t) => {
  const master = await stored(t, network);
  const slice = sliceOf(master, { width: 0.5, prune: 0.5 });
  const sizes: Record<string, number[]> = {
    'embeddings.word_embeddings.weight': [60, 12],
    'embeddings.position_embeddings.weight': [16, 12],
    'embeddings.LayerNorm.weight': [12],
    'encoder.layer.1.attention.self.key.weight': [8, 12],
    'encoder.layer.1.attention.self.key.bias': [8],
    'encoder.layer.1.attention.output.dense.weight': [12, 8],
    'encoder.layer.1.attention.output.dense.bias': [12],
    'encoder.layer.1.attention.output.LayerNorm.bias': [12],
    'encoder.layer.1.intermediate.dense.weight': [10, 12],
    'encoder.layer.1.output.dense.weight': [12, 10],
    'encoder.layer.1.output.LayerNorm.weight': [12],
    'head.weight': [3, 12],
  };
  for (const [name, size] of Object.entries(sizes)) {
    t.deepEqual(slice.shape(name), size, name);
    const [whole, columns] = [await master.read(name), master.shape(name)[1] ?? 1];
    const [rows, kept = 1] = size;
    const wanted = Array.from({ length: rows * kept }, (_, at) => whole[Math.floor(at / kept) * columns + (at % kept)]);
    t.deepEqual([...(await slice.read(name))], wanted, name);
  }
  const prototypes = await slice.read('head.prototypes');
  for (let row = 0; row < 6; row++)
    t.true(Math.abs(Math.hypot(...prototypes.subarray(row * 12, row * 12 + 12)) - 1) < 1e-6);
});

test('a slice runs, and loses what was cut away', async (t) => {
  const master = await stored(t, network);
  const whole = await statesOf(t, network, FULL, texts);
  const half = await statesOf(t, sliceOf(master, { width: 0.5, prune: 0.5 }), { width: 0.5, prune: 0.5 }, texts);
  t.true(distance(half, whole, 12) > 0.1);
  t.true(distance(await statesOf(t, sliceOf(master, FULL), FULL, texts), whole, 24) < 0.01, 'fp16 alone');
});

test('a width that has prototypes of its own uses them at every prune ratio; a shape that has some, those', async (t) => {
  const [ofWidth, ofShape] = ['width.0.50.head.prototypes', 'shape.w0.50-p0.50.head.prototypes'];
  const extra = { 'head.prototypes': [6, shape.hiddenSize], [ofWidth]: [6, 12], [ofShape]: [6, 12] };
  const whole = randomNetwork(shape, 1, extra);
  const master = await stored(t, whole);
  const read = async (prune: number) => {
    const slice = sliceOf(master, { width: 0.5, prune });
    t.deepEqual(slice.shape('head.prototypes'), [6, 12]);
    return slice.read('head.prototypes');
  };
  const first = async (name: string) => {
    const row = (await master.read(name)).subarray(0, 12);
    return [...row].map((value) => value / Math.hypot(...row));
  };
  for (const [prune, name] of [
    [0, ofWidth],
    [0.25, ofWidth],
    [0.5, ofShape],
  ] as const)
    t.true(farthest((await read(prune)).subarray(0, 12), await first(name)) < 1e-6, `${prune}`);
});
