/** A real checkpoint, all-MiniLM-L6-v2, against the reference library (test/fixtures/minilm). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FULL_PROFILE } from '../../src/bundle/index.js';
import { openCheckpoint } from '../../src/checkpoint/index.js';
import { load } from '../../src/infer/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { useOwnCache } from '../bundle/support.js';
import { cosine, rowOf, runningCheckpoint, worst } from './support.js';

useOwnCache(test);

const TOLERANCE = 1e-4;
const bundle = resolve('examples/clinc150/bundle');

interface Reference {
  readonly maxTokens: number;
  /** `hidden`: of every state the first and the last token's every 16th channel. */
  readonly rows: readonly { text: string; inputIds: number[]; hidden: [number[], number[]][]; pooledMean: number[] }[];
  /** Five rows padded together, every 8th channel. */
  readonly batch: { readonly rows: readonly number[]; readonly pooledMean: readonly number[][] };
}

const reference = async (): Promise<Reference> =>
  JSON.parse(await readFile(new URL('../fixtures/minilm/expected.json', import.meta.url), 'utf8'));

/** The checkpoint's folder; where there is none, the test says so and ends. */
function checkpointFolder(t: ExecutionContext): string | undefined {
  const folder = process.env.SNUG_CHECKPOINT;
  if (folder) return folder;
  t.log('SNUG_CHECKPOINT does not name a folder with all-MiniLM-L6-v2: not tested here');
  t.pass();
  return undefined;
}

const every = (values: Float32Array, step: number) => values.filter((_, i) => i % step === 0);

test('token ids of 24 texts, exactly', async (t) => {
  const folder = checkpointFolder(t);
  if (!folder) return;
  const { maxTokens, rows } = await reference();
  const checkpoint = await openCheckpoint(folder);
  t.teardown(() => checkpoint.close());
  t.is(checkpoint.maxTokens, maxTokens);
  const tokenizer = await loadTokenizer(checkpoint.tokenizer.path, { maxTokens });
  for (const { text, inputIds } of rows) t.deepEqual(tokenizer.encode(text).ids, inputIds, text);
});

test('float32: hidden states and pooled vectors of 24 texts alone, and of five padded together', async (t) => {
  const folder = checkpointFolder(t);
  if (!folder) return;
  const { rows, batch } = await reference();
  const checkpoint = await openCheckpoint(folder);
  t.teardown(() => checkpoint.close());
  const session = await runningCheckpoint(t, checkpoint, { hiddenStates: true });
  const size = checkpoint.config.hiddenSize;
  for (const { text, inputIds, hidden, pooledMean } of rows) {
    const outputs = await session.run([inputIds], 0, ['pooled', ...hidden.map((_, i) => `hidden_${i}`)]);
    t.true(worst(outputs.pooled, pooledMean) <= TOLERANCE, `${text}: ${worst(outputs.pooled, pooledMean)}`);
    for (const [i, [first, last]] of hidden.entries()) {
      const state = outputs[`hidden_${i}`];
      t.true(worst(every(state.subarray(0, size), 16), first) <= TOLERANCE, `state ${i}, first token: ${text}`);
      t.true(worst(every(state.subarray(-size), 16), last) <= TOLERANCE, `state ${i}, last token: ${text}`);
    }
  }
  const { pooled } = await session.run(
    batch.rows.map((row) => rows[row].inputIds),
    0,
    ['pooled'],
  );
  for (const [i, wanted] of batch.pooledMean.entries())
    t.true(worst(every(rowOf(pooled, batch.rows.length, i), 8), wanted) <= TOLERANCE, `row ${batch.rows[i]} padded`);
});

test('8 bits: the demo bundle is near its own float32, and near the reference through its 8-bit store', async (t) => {
  if (!existsSync(bundle)) {
    t.log(`${bundle} is not there: not tested here`);
    return t.pass();
  }
  const { rows } = await reference();
  const [eight, full] = [await load(bundle), await load(bundle, { profile: FULL_PROFILE })];
  t.teardown(() => Promise.all([eight.close(), full.close()]));
  const [toOwn, toReference]: number[][] = [[], []];
  for (const { text, inputIds, pooledMean } of rows) {
    t.deepEqual(eight.encode(text).ids, inputIds, text);
    const [[vector], [wanted]] = [await eight.embed([text]), await full.embed([text])];
    toOwn.push(cosine(vector, wanted));
    toReference.push(cosine(vector, pooledMean));
  }
  t.log(`alone, least cosine to float32: ${least(toOwn)}; to the reference: ${least(toReference)}`);
  t.true(Math.min(...toOwn) >= 0.995);
  t.true(Math.min(...toReference) >= 0.99);

  // All in one call: a vector is a text's own, whatever its neighbours are.
  const texts = rows.map(({ text }) => text);
  const [together, wanted] = [await eight.embed(texts), await full.embed(texts)];
  const cosines = together.map((vector, i) => cosine(vector, wanted[i]));
  t.log(`in one call: ${least(cosines)}`);
  t.true(Math.min(...cosines) >= 0.995);
});

const least = (values: readonly number[]) => Math.min(...values).toFixed(4);
