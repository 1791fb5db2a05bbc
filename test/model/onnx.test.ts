/** The ONNX files that are emitted, as onnxruntime reads them. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { writeProfile } from '../../src/bundle/making.js';
import { WEIGHT_ALIGNMENT_BYTES } from '../../src/model/graph-builder.js';
import { type EncoderShape, GraphBuilder, planEncoder } from '../../src/model/index.js';
import { InferenceSession, Tensor } from '../../src/runtime/index.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { randomNetwork, Tensors } from './plain-network.js';

const none = new Tensors(new Map());
const floats = (...values: number[]) => new Tensor('float32', Float32Array.from(values), [1, values.length]);

const shape: EncoderShape = {
  vocabSize: 700,
  hiddenSize: 64,
  headSize: 16,
  maxTokens: 32,
  tokenTypes: true,
  activation: 'gelu',
  layerNormEps: 1e-12,
  layers: [{ heads: 4, neurons: 512 }],
};

test('every kind of attribute, constant and dimension arrives', async (t) => {
  const graph = new GraphBuilder('kinds');
  const x = graph.input('x', 'float32', ['rows', 4]);
  const leaky = graph.node('LeakyRelu', [x], { alpha: { f: 0.5 } }); // FLOAT
  const sum = graph.node('ReduceSum', [leaky, graph.ints('axes', [1])], { keepdims: 1 }); // INT
  const [left, right] = graph.many('Split', [x], { axis: 1, num_outputs: 2 }, ['left', 'right']);
  const turned = graph.node('Transpose', [left], { perm: [1, 0] }); // INTS
  const crossed = graph.node('Einsum', [turned, right], { equation: 'ij,jk->ik' }); // STRING
  graph.node('Add', [sum, graph.floats('offset', [0.25])], {}, 'y');
  graph.node('Identity', [crossed], {}, 'z');
  graph.output('y', 'float32', ['rows', 1]);
  graph.output('z', 'float32', [2, 2]);
  const session = await InferenceSession.create(await graph.plan().encode(none, ''));
  t.teardown(() => session.release());
  const { y, z } = await session.run({ x: floats(1, -2, 3, 4) });
  t.deepEqual([...y.data], [1 - 1 + 3 + 4 + 0.25]);
  t.deepEqual([...z.data], [3, 4, -6, -8]);
});

test('names given twice are made unique', (t) => {
  const graph = new GraphBuilder('names');
  const x = graph.input('x', 'float32', ['rows', 1]);
  const names = Array.from({ length: 3 }, () => graph.node('Neg', [x]));
  t.is(new Set(names).size, 3);
});

for (const bits of [32, 8] as const)
  test(`weights at ${bits} bits: large ones outside, each on a page of its own; small ones in the graph`, async (t) => {
    const plan = planEncoder(shape, { bits, pooling: { mode: 'mean' } });
    t.true(plan.external.length >= 3);
    for (const [i, { name, offset, bytes }] of plan.external.entries()) {
      t.is(offset % WEIGHT_ALIGNMENT_BYTES, 0, name);
      t.true(bytes > 16_384, `${name} is small`);
      const before = plan.external[i - 1];
      if (before) t.true(offset >= before.offset + before.bytes, `${name} overlaps ${before.name}`);
    }
    const last = plan.external.at(-1);
    t.is(plan.externalBytes, (last?.offset ?? 0) + (last?.bytes ?? 0));
    const outside = plan.external.reduce((sum, { bytes }) => sum + bytes, 0);
    const inside = plan.weightBytes - outside;
    const graph = await plan.encode(randomNetwork(shape, 1), 'weights.bin');
    t.true(graph.length > inside && graph.length < inside + 16_384, `${graph.length} bytes for ${inside} of weights`);
  });

test('every weight gives exactly the bytes that its place has', async (t) => {
  const tensors = randomNetwork(shape, 1);
  for (const bits of [32, 8] as const)
    for (const { name, bytes, fill } of planEncoder(shape, { bits, pooling: { mode: 'max' } }).external) {
      let filled = 0;
      for await (const piece of fill(tensors)) filled += piece.length;
      t.is(filled, bytes, name);
    }
});

test('a graph and its file of weights load by path, as emitted and as written for the product', async (t) => {
  const folder = await temporaryFolder(t);
  const tensors = randomNetwork(shape, 1);
  const plan = planEncoder(shape, { bits: 32, pooling: { mode: 'mean' } });
  const raw = join(folder, 'raw');
  await mkdir(raw);
  const weights = Buffer.alloc(plan.externalBytes);
  for (const { offset, fill } of plan.external) {
    let at = offset;
    for await (const piece of fill(tensors))
      at += Buffer.from(piece.buffer, piece.byteOffset, piece.length).copy(weights, at);
  }
  await writeFile(join(raw, 'w.bin'), weights);
  await writeFile(join(raw, 'model.onnx'), await plan.encode(tensors, 'w.bin'));
  const product = await writeProfile(plan, tensors, join(folder, 'product'));
  const ids = new Tensor('int64', BigInt64Array.from([2n, 40n, 699n, 3n]), [1, 4]);
  const mask = new Tensor('int64', BigInt64Array.from([1n, 1n, 1n, 1n]), [1, 4]);
  const [one, other] = await Promise.all(
    [join(raw, 'model.onnx'), product.modelPath].map(async (path) => {
      const session = await InferenceSession.create(path);
      t.teardown(() => session.release());
      return (await session.run({ input_ids: ids, attention_mask: mask })).pooled.data;
    }),
  );
  t.is(one.length, shape.hiddenSize);
  t.deepEqual(one, other);
  t.true((await stat(product.modelPath)).size < 65_536, 'weights stand in the graph');
});
