import { join } from 'node:path';
import test from 'ava';
import { headOf, matchChannels, readBundleHead, standInHead } from '../../../src/bench/pipeline/peer-head.js';
import { build } from '../../../src/build/index.js';
import type { TensorSource } from '../../../src/checkpoint/index.js';
import { dataFiles } from '../../build/support.js';
import { buildOptions, useOwnCache } from '../../bundle/support.js';
import { fixtures } from '../../checkpoint/support.js';

useOwnCache(test);

/** Tensors in memory. */
function sourceOf(tensors: Record<string, readonly (readonly number[])[]>): TensorSource {
  const rowsOf = (name: string, from: number, to?: number) => Float32Array.from(tensors[name].slice(from, to).flat());
  return {
    names: Object.keys(tensors),
    has: (name) => name in tensors,
    shape: (name) => [tensors[name].length, tensors[name][0].length],
    read: async (name) => rowsOf(name, 0),
    readRows: async (name, from, to) => rowsOf(name, from, to),
  };
}

test('channels are found by name in whatever order they are held', (t) => {
  t.deepEqual(matchChannels(['a', 'b', 'c'], ['c', 'a', 'b']), [1, 2, 0]);
  t.is(matchChannels(['a', 'b', 'c'], ['c', 'a', 'x']), undefined);
  t.is(matchChannels(['a', 'b'], ['a', 'b', 'c']), undefined);
  t.is(matchChannels(['a', 'a'], ['a', 'a']), undefined);
});

test("the peer's head fits the checkpoint's vectors, whatever order the bundle holds the channels in", async (t) => {
  const norm = (weight: number[], bias: number[]) => ({
    'embeddings.LayerNorm.weight': [weight],
    'embeddings.LayerNorm.bias': [bias],
  });
  const checkpoint = sourceOf(norm([1, 2, 1], [0, 0, 5]));
  const head = {
    'head.weight': [
      [10, 20, 30],
      [40, 50, 60],
    ],
    'head.bias': [[7, 8]],
  };
  const master = sourceOf({ ...norm([2, 1, 1], [0, 5, 0]), ...head });
  const { weight, bias } = await headOf(['on', 'off'], master, checkpoint);
  t.deepEqual(weight, [
    [30, 10, 20],
    [60, 40, 50],
  ]);
  t.deepEqual(bias, [7, 8]);
  t.deepEqual((await headOf(['on', 'off'], master, undefined)).weight, head['head.weight']);
  t.deepEqual((await headOf(['on', 'off'], master, sourceOf(norm([3, 2, 1], [0, 0, 0])))).weight, head['head.weight']);
});

test("a bundle's head has a row for each label, in the checkpoint's order already where nothing was sorted", async (t) => {
  const { folder, data, evaluation } = await dataFiles(t);
  const output = join(folder, 'bundle');
  await build(buildOptions('bert-mean', output, { data, evaluation, none: 'oos' }));
  const head = await readBundleHead(output, join(fixtures, 'bert-mean'));
  t.deepEqual([head.labels.length, head.weight.length, head.bias.length], [3, 3, 3]);
  t.deepEqual(head, await readBundleHead(output, undefined));
});

test('without a bundle a head of the right size stands in', (t) => {
  const { labels, weight, bias } = standInHead();
  t.deepEqual([labels.length, weight.length, bias.length], [150, 150, 150]);
  t.true(weight.every((row) => row.length === 384 && row.every(Number.isFinite)));
});
