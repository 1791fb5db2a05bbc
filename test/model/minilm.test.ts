/** A real checkpoint, all-MiniLM-L6-v2, against the reference library (test/fixtures/minilm). */
import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { openCheckpoint } from '../../src/checkpoint/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { rowOf, runningCheckpoint, worst } from './support.js';

const TOLERANCE = 1e-4;

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
