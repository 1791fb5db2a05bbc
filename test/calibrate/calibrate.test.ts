/** What calibration text says of a network: orders that are nested, corrections that bring back what can be brought back. */
import test, { type ExecutionContext } from 'ava';
import { calibrate, correct, type FitSteps, orderNetwork, type Shape } from '../../src/calibrate/index.js';
import { arranged } from '../../src/compress/arrange.js';
import { randomNetwork, type Tensors } from '../model/plain-network.js';
import { calibration, countsOf, distance, randomTexts, shape, sliceOf, statesOf, stored } from './support.js';

const FULL: Shape = { width: 1, prune: 0 };
const shapes: readonly Shape[] = [1, 0.75, 0.5].flatMap((width) => [0, 0.25, 0.5].map((prune) => ({ width, prune })));
const rows = randomTexts(120, 5);
const asked = randomTexts(12, 99);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** How far a slice's last states are from the whole network's, on texts that nothing was fitted to. */
async function lost(t: ExecutionContext, network: Tensors, wanted: Shape, steps?: Partial<FitSteps>): Promise<number> {
  const source = arranged(network, await orderNetwork(calibration(network, rows, shapes)));
  const corrections = await correct({ ...calibration(source, rows, shapes), steps });
  const slice = sliceOf(await stored(t, source, corrections), wanted);
  return distance(
    await statesOf(t, slice, wanted, asked),
    await statesOf(t, source, FULL, asked),
    countsOf(wanted).channels,
  );
}

test('an order names every channel, head and neuron once, and is the same every time', async (t) => {
  const options = calibration(randomNetwork(shape, 2), rows, shapes);
  const order = await orderNetwork(options);
  t.deepEqual(
    order.channels.toSorted((a, b) => a - b),
    numbers(24),
  );
  for (const layer of [0, 1]) {
    t.deepEqual(order.heads[layer].toSorted(), numbers(4));
    t.deepEqual(
      order.neurons[layer].toSorted((a, b) => a - b),
      numbers(20),
    );
  }
  t.deepEqual(await orderNetwork(options), order);
});

test('every step brings a slice nearer to the whole network', async (t) => {
  const network = randomNetwork(shape, 3);
  const none = { normalisation: false, standIns: false, restoring: false };
  const wanted = { width: 0.75, prune: 0.25 };
  const plain = await lost(t, network, wanted, none);
  const normalised = await lost(t, network, wanted, { ...none, normalisation: true });
  const standing = await lost(t, network, wanted, { restoring: false });
  const all = await lost(t, network, wanted);
  t.log([plain, normalised, standing, all].map((value) => value.toFixed(3)).join(' '));
  t.true(normalised < plain && standing < normalised && all < standing);
});

test('what is left out is not stored', async (t) => {
  const network = randomNetwork(shape, 3);
  const kinds = async (steps: Partial<FitSteps>) => {
    const corrections = await correct({ ...calibration(network, rows, shapes), steps });
    const names = [...corrections.tensors('fp16')].map(({ name }) => /norm|stand-in|restore/.exec(name)?.[0]);
    return [...new Set(names)].toSorted();
  };
  t.deepEqual(await kinds({}), ['norm', 'restore', 'stand-in']);
  t.deepEqual(await kinds({ normalisation: false }), ['restore', 'stand-in']);
  t.deepEqual(await kinds({ standIns: false }), ['norm', 'restore']);
  t.deepEqual(await kinds({ restoring: false }), ['norm', 'stand-in']);
});

test('channels that are linear functions of kept ones are restored: nothing is lost', async (t) => {
  const network = repeatedChannels(randomNetwork(shape, 4));
  const order = await orderNetwork(calibration(network, rows, shapes));
  const half = { width: 0.5, prune: 0 };
  // One of each pair comes before the other of any.
  t.is(new Set(order.channels.slice(0, 12).map((channel) => channel % 12)).size, 12, `${order.channels}`);
  const [plain, restored] = [await lost(t, network, half, { restoring: false }), await lost(t, network, half)];
  t.true(restored < 0.02 && plain > 0.2, `${plain} without, ${restored} with`);
});

test('a neuron and a head that repeat kept ones are replaced by those: nothing is lost', async (t) => {
  const network = repeatedUnits(randomNetwork(shape, 6));
  const order = await orderNetwork(calibration(network, rows, shapes));
  for (const layer of [0, 1]) {
    t.is(new Set(order.neurons[layer].slice(0, 10).map((neuron) => neuron % 10)).size, 10);
    t.is(new Set(order.heads[layer].slice(0, 2).map((head) => head % 2)).size, 2);
  }
  const pruned = { width: 1, prune: 0.5 };
  const [plain, replaced] = [await lost(t, network, pruned, { standIns: false }), await lost(t, network, pruned)];
  t.true(replaced < 0.05 && plain > 0.2, `${plain} without, ${replaced} with`);
});

test('corrections are the same every time', async (t) => {
  const network = randomNetwork(shape, 8);
  const read = async () => {
    const { corrections } = await calibrate(calibration(network, rows, shapes));
    const tensors = [...corrections.tensors('q8')];
    return Promise.all(tensors.map(async ({ name, shape: [count], rows: part }) => [name, await part(0, count)]));
  };
  t.deepEqual(await read(), await read());
});

const degenerate: Record<string, number[][]> = {
  'one text of one token': [[7]],
  'one word only': [[2, 7, 3]],
  'all texts the same': Array.from({ length: 40 }, () => [2, 9, 11, 3]),
  'one piece, again and again': Array.from({ length: 10 }, () => new Array<number>(12).fill(5)),
};
for (const [what, few] of Object.entries(degenerate))
  test(`calibration on ${what}: orders are whole, weights are finite, every slice answers`, async (t) => {
    const network = randomNetwork(shape, 9);
    const { arranged: source, corrections } = await calibrate(calibration(network, few, shapes));
    for (const {
      name,
      shape: [count],
      rows: part,
    } of corrections.tensors('fp16'))
      t.true((await part(0, count)).every(Number.isFinite), name);
    const master = await stored(t, source, corrections);
    for (const wanted of shapes)
      for (const states of await statesOf(t, sliceOf(master, wanted), wanted, asked.slice(0, 3)))
        t.true(states.every(Number.isFinite), `${wanted.width} ${wanted.prune}`);
  });

/** The second half of the channels repeats the first one, wherever channels are written, normalised and read. */
function repeatedChannels(network: Tensors): Tensors {
  for (const name of network.names) {
    const [rows, columns] = network.shape(name);
    const values = network.values(name);
    if (name.startsWith('embeddings.') && columns === 24)
      for (let row = 0; row < rows; row++) values.copyWithin(row * 24 + 12, row * 24, row * 24 + 12);
    else if (/LayerNorm|output\.dense/.test(name)) {
      const width = columns ?? 1;
      values.copyWithin(12 * width, 0, 12 * width);
    }
  }
  return network;
}

/** The second half of heads and neurons repeats the first one: the same values, written with weights of their own. */
function repeatedUnits(network: Tensors): Tensors {
  for (const name of network.names)
    if (/attention\.self|intermediate/.test(name)) {
      const values = network.values(name);
      values.copyWithin(values.length / 2, 0, values.length / 2);
    }
  return network;
}
