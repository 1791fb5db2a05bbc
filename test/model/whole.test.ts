/** A graph as one file, with only what some outputs need. */
import test, { type ExecutionContext } from 'ava';
import type { FillWeight } from '../../src/model/graph-builder.js';
import { GraphBuilder, planEncoder } from '../../src/model/index.js';
import { InferenceSession, Tensor } from '../../src/runtime/index.js';
import { randomNetwork, Tensors } from './plain-network.js';

const none = new Tensors(new Map());

/** The fill of a weight that must not be read. */
const unwanted = (t: ExecutionContext): FillWeight =>
  async function* () {
    t.fail('a weight that nobody needs was read');
    yield new Uint8Array();
  };

const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

test('what does not lead to the outputs stays away, its weights too', async (t) => {
  const graph = new GraphBuilder('two ways');
  const x = graph.input('x', 'float32', ['rows', 2]);
  const scale = graph.weight('scale', 'float32', [2], async function* () {
    yield bytesOf(2, 3);
  });
  const unread = graph.weight('unread', 'float32', [2], unwanted(t));
  graph.node('Mul', [graph.node('Mul', [x, scale]), graph.floats('half', [0.5])], {}, 'wanted');
  graph.node('Mul', [x, unread], {}, 'other');
  for (const name of ['wanted', 'other']) graph.output(name, 'float32', ['rows', 2]);
  const session = await InferenceSession.create(await graph.plan().encodeWhole(none, ['wanted']));
  t.teardown(() => session.release());
  t.deepEqual([...session.outputNames], ['wanted']);
  const { wanted } = await session.run({ x: new Tensor('float32', Float32Array.from([4, 8]), [1, 2]) });
  t.deepEqual([...wanted.data], [4, 12]);
});

test('large weights stand in the file', async (t) => {
  const shape = {
    vocabSize: 700,
    hiddenSize: 64,
    headSize: 16,
    maxTokens: 32,
    tokenTypes: true,
    activation: 'gelu',
    layerNormEps: 1e-12,
    layers: [{ heads: 4, neurons: 512 }],
  } as const;
  const plan = planEncoder(shape, { bits: 32, pooling: { mode: 'mean' } });
  t.true(plan.external.length > 0);
  const model = await plan.encodeWhole(randomNetwork(shape, 1), ['pooled']);
  t.true(model.length > plan.weightBytes && model.length < plan.weightBytes + 16_384);
  const session = await InferenceSession.create(model);
  await session.release();
});

test('more weights than one file can hold are refused before any is read', async (t) => {
  const graph = new GraphBuilder('huge');
  const rows = 2 ** 20;
  const table = graph.weight('table', 'float32', [rows, 512], unwanted(t));
  graph.node('Gather', [table, graph.input('ids', 'int64', ['tokens'])], {}, 'vectors');
  graph.output('vectors', 'float32', ['tokens', 512]);
  await t.throwsAsync(graph.plan().encodeWhole(none, ['vectors']), { code: 'MODEL_TOO_LARGE', message: /2\.1 GB/ });
});
