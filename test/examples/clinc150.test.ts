/** The bundle in examples/, which is real: all-MiniLM-L6-v2 trained on CLINC150, all profiles, stored in 8 bits. */
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
  t.true(bytes <= 20e6, `${bytes} bytes`);
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
  t.true(found.accuracy > 0.88 && (found.inScopeTop1 ?? 0) > 0.94 && (found.outOfScopeRecall ?? 0) > 0.7);
  t.true((found.compare?.agreement ?? 0) > 0.96);
  t.true(Math.abs(found.accuracy - (found.compare?.accuracy ?? 0)) < 0.02);
});

test('8-bit vectors of 24 texts are near its own float32, whatever their neighbours are', async (t) => {
  if (!isThere(t)) return;
  const reference = await readFile(new URL('../fixtures/minilm/expected.json', import.meta.url), 'utf8');
  const rows: { text: string }[] = JSON.parse(reference).rows;
  const [eight, full] = [await load(bundle), await load(bundle, { profile: FULL })];
  t.teardown(() => Promise.all([eight.close(), full.close()]));
  t.is(eight.profile, EIGHT);
  const texts = rows.map(({ text }) => text);
  const wanted = await full.embed(texts);
  const alone: number[] = [];
  for (const [i, text] of texts.entries()) alone.push(cosine((await eight.embed([text]))[0], wanted[i]));
  const together = (await eight.embed(texts)).map((vector, i) => cosine(vector, wanted[i]));
  t.log(`least cosine to float32: ${least(alone)} alone, ${least(together)} together`);
  t.true(Math.min(...alone) >= 0.99);
  t.true(Math.min(...together) >= 0.99);
});

const least = (values: readonly number[]) => Math.min(...values).toFixed(4);
