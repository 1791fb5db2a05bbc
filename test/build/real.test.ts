/** A build on a real checkpoint, all-MiniLM-L6-v2, with a few of CLINC150's sentences. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test from 'ava';
import { build } from '../../src/build/index.js';
import { readRows } from '../../src/data/index.js';
import { load } from '../../src/infer/index.js';
import { buildOptions, useOwnCache } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { cosine } from '../model/support.js';

useOwnCache(test);

const stream = resolve('examples/clinc150/stream.tsv');

test('half-precision store: 8-bit vectors with a cosine of 0.995 to the reference on 24 texts, and labels that are learnt', async (t) => {
  const checkpoint = process.env.SNUG_CHECKPOINT;
  if (!checkpoint || !existsSync(stream)) {
    t.log('SNUG_CHECKPOINT does not name a folder with all-MiniLM-L6-v2, or the example is not there: not tested here');
    return t.pass();
  }
  const folder = await temporaryFolder(t);
  const rows = await readRows(stream);
  const labels = [...new Set(rows.map(({ label }) => label))].filter((label) => label !== 'oos').slice(0, 12);
  const known = rows.filter(({ label }) => labels.includes(label));
  const asked = [...known.filter((_, i) => i % 3 === 0), ...rows.filter(({ label }) => label === 'oos').slice(0, 40)];
  const files = { data: join(folder, 'train.tsv'), evaluation: join(folder, 'eval.tsv') };
  const write = (path: string, some: typeof rows) =>
    writeFile(path, some.map((row) => `${row.text}\t${row.label}\n`).join(''));
  await write(
    files.data,
    known.filter((_, i) => i % 3 !== 0),
  );
  await write(files.evaluation, asked);
  const output = join(folder, 'bundle');
  const options = buildOptions('bert-mean', output, { ...files, none: 'oos', threads: 2 });
  const { manifest } = await build({ ...options, checkpoint });
  t.deepEqual(manifest.labels, labels.toSorted());
  for (const { inScopeTop1 = 0, outOfScopeRecall = 0 } of manifest.ladder) {
    t.true(inScopeTop1 > 0.9, `${inScopeTop1}`);
    t.true(outOfScopeRecall > 0.7, `${outOfScopeRecall}`);
  }
  const { rows: texts } = JSON.parse(
    await readFile(new URL('../fixtures/minilm/expected.json', import.meta.url), 'utf8'),
  );
  const model = await load(output);
  t.teardown(() => model.close());
  const cosines: number[] = [];
  for (const { text, pooledMean } of texts) cosines.push(cosine((await model.embed([text]))[0], pooledMean));
  t.log(`least cosine ${Math.min(...cosines).toFixed(4)}, in scope ${manifest.ladder[1].inScopeTop1?.toFixed(3)}`);
  t.is(cosines.length, 24);
  t.true(Math.min(...cosines) >= 0.995);
});
