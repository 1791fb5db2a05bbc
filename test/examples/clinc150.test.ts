/** The bundle in examples/, which is real: all-MiniLM-L6-v2 with a head for CLINC150, stored in 8 bits. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openBundle } from '../../src/bundle/index.js';
import { readRows } from '../../src/data/index.js';
import { evaluate } from '../../src/evaluate/index.js';
import { load } from '../../src/infer/index.js';
import { useOwnCache } from '../bundle/support.js';
import { cosine } from '../model/support.js';

useOwnCache(test);

const [FULL, EIGHT] = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8'];
const folder = resolve('examples/clinc150');
const bundle = join(folder, 'bundle');

/** Where the example is not there, the test says so and ends. */
function isThere(t: ExecutionContext): boolean {
  if (existsSync(bundle)) return true;
  t.log(`${bundle} is not there: not tested here`);
  t.pass();
  return false;
}

test('it is whole, has 150 labels, and is small enough to travel', async (t) => {
  if (!isThere(t)) return;
  const { manifest } = await openBundle(bundle);
  t.is(manifest.labels.length, 150);
  t.is(manifest.noneLabel, 'oos');
  t.false(manifest.labels.includes('oos'));
  t.is(manifest.store, 'q8');
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  t.true(bytes < 26e6, `${bytes} bytes`);
});

test('both profiles give its golden answers', async (t) => {
  if (!isThere(t)) return;
  const lines = (await readFile(join(bundle, 'golden.jsonl'), 'utf8')).trim().split('\n');
  t.is(lines.length, 16);
  for (const profile of [FULL, EIGHT]) {
    const model = await load(bundle, { profile });
    t.teardown(() => model.close());
    for (const line of lines) {
      const { text, answers } = JSON.parse(line);
      const [{ label, score }] = await model.predict([text]);
      t.is(label, answers[profile].label, text);
      t.true(Math.abs(score - answers[profile].score) < 0.05, `${text}: ${score}`);
    }
  }
});

test('on its stream, 8 bits are as good as float32', async (t) => {
  if (!isThere(t)) return;
  const file = join(folder, 'stream.tsv');
  const rows = (await readRows(file)).filter((_, i) => i % 28 === 0);
  const found = await evaluate(await openBundle(bundle), { rows, file, profile: EIGHT, compare: FULL });
  t.log(`${rows.length} rows: accuracy ${found.accuracy.toFixed(3)}, float32 ${found.compare?.accuracy.toFixed(3)}`);
  t.true(found.accuracy > 0.87 && (found.inScopeTop1 ?? 0) > 0.92 && (found.outOfScopeRecall ?? 0) > 0.7);
  t.true((found.compare?.agreement ?? 0) > 0.96);
  t.true(Math.abs(found.accuracy - (found.compare?.accuracy ?? 0)) < 0.02);
});

test('8-bit vectors of 24 texts are near its own float32, and near the reference through its 8-bit store', async (t) => {
  if (!isThere(t)) return;
  const reference = await readFile(new URL('../fixtures/minilm/expected.json', import.meta.url), 'utf8');
  const rows: { text: string; inputIds: number[]; pooledMean: number[] }[] = JSON.parse(reference).rows;
  const [eight, full] = [await load(bundle), await load(bundle, { profile: FULL })];
  t.teardown(() => Promise.all([eight.close(), full.close()]));
  t.is(eight.profile, EIGHT);
  const texts = rows.map(({ text }) => text);
  const wanted = await full.embed(texts);
  const [toOwn, respelled, toReference]: number[][] = [[], [], []];
  for (const [i, { text, inputIds, pooledMean }] of rows.entries()) {
    const [vector] = await eight.embed([text]);
    // Pieces that the smaller vocabulary lacks are spelled with more of them: another text to the network, and a rare one.
    const isOwn = eight.encode(text).ids.length === inputIds.length;
    (isOwn ? toOwn : respelled).push(cosine(vector, wanted[i]));
    if (isOwn) toReference.push(cosine(vector, pooledMean));
  }
  t.log(`least cosine to float32: ${least(toOwn)}; to the reference: ${least(toReference)}`);
  t.true(Math.min(...toOwn) >= 0.995);
  t.true(Math.min(...respelled) >= 0.99);
  t.true(toReference.length >= 8, `${toReference.length} texts have the checkpoint's own pieces`);
  t.true(Math.min(...toReference) >= 0.99);
  // All in one call: a vector is a text's own, whatever its neighbours are.
  const together = await eight.embed(texts);
  t.true(Math.min(...together.map((vector, i) => cosine(vector, wanted[i]))) >= 0.995);
});

const least = (values: readonly number[]) => Math.min(...values).toFixed(4);
