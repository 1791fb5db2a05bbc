/** `snug export --checkpoint`: what it writes is a checkpoint that answers as the bundle does, read back and built from anew. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build } from '../../src/build/index.js';
import { openCheckpoint } from '../../src/checkpoint/index.js';
import { load } from '../../src/infer/index.js';
import { dataFiles } from '../build/support.js';
import { buildOptions, bundleOf, useOwnCache } from '../bundle/support.js';
import type { FixtureName } from '../checkpoint/support.js';
import { json, snug } from './snug.js';

useOwnCache(test);

const FULL = 'w1.00-p0.00-q32';
const texts = ['turn on the lamp', 'is it the light of my room?', 'zebra 42', ''];

async function cut(t: ExecutionContext): Promise<string> {
  const { folder, data, evaluation } = await dataFiles(t);
  const bundle = join(folder, 'bundle');
  await build(buildOptions('bert-mean', bundle, { data, evaluation, none: 'oos', recipe: 'fast' }));
  return bundle;
}

async function logitsOf(bundle: string, profile: string): Promise<number[][]> {
  const model = await load(bundle, { profile });
  const rows: number[][] = [];
  for (const text of texts) rows.push([...(await model.answers([text]))[0].logits]);
  await model.close();
  return rows;
}

function farthest(one: number[][], other: number[][]): number {
  return Math.max(...one.flatMap((row, at) => row.map((value, i) => Math.abs(value - other[at][i]))));
}

/** Exports a profile, builds a bundle of what was written with the head that it has, and compares the two's answers. */
async function thereAndBack(t: ExecutionContext, bundle: string, profile: string): Promise<void> {
  const exported = join(dirname(bundle), `exported ${profile}`);
  await json(t, ['export', bundle, '--checkpoint', exported, '--profile', profile]);
  const again = join(dirname(bundle), `again ${profile}`);
  await build({ ...buildOptions('bert-mean', again), checkpoint: exported });
  const [before, after] = [await logitsOf(bundle, profile), await logitsOf(again, FULL)];
  const largest = Math.max(...before.flat().map(Math.abs));
  t.true(largest > 0.01);
  // The bundle that is built anew stores its weights in half precision.
  t.true(farthest(before, after) <= 5e-3 * largest, `${profile}: ${farthest(before, after)} of ${largest}`);
}

test('a fitted head comes back as a head over pooled vectors: whole, pruned, and of half the width', async (t) => {
  t.timeout(120_000);
  const bundle = await cut(t);
  for (const profile of [FULL, 'w1.00-p0.50-q32', 'w0.50-p0.50-q32']) await thereAndBack(t, bundle, profile);
  const { code, err } = await snug(t, [
    'export',
    bundle,
    '--checkpoint',
    `${bundle}-x`,
    '--profile',
    'w0.50-p0.00-q32',
  ]);
  t.is(code, 1);
  t.regex(err, /w0\.50-p0\.00-q32: .*no shape that the reference library has/);
});

for (const name of ['bert-single-label', 'distilbert-multi-label'] as FixtureName[])
  test(`${name}: a head that the checkpoint brought stays a classification head`, async (t) => {
    const bundle = await bundleOf(t, name);
    await thereAndBack(t, bundle, FULL);
    const exported = await openCheckpoint(join(dirname(bundle), `exported ${FULL}`));
    t.is(exported.head?.kind, 'first-token');
    await exported.close();
  });

test('the folder says what it is; wrong use is told', async (t) => {
  const bundle = await bundleOf(t);
  const exported = join(dirname(bundle), 'exported');
  const result = await json(t, ['export', bundle, '--checkpoint', exported]);
  t.is(result.profile, FULL);
  for (const [name, bytes] of Object.entries<number>(result.files))
    t.is((await readFile(join(exported, name))).length, bytes);
  t.like(JSON.parse(await readFile(join(exported, 'config.json'), 'utf8')), { snug: { profile: FULL } });
  const both = await snug(t, ['export', bundle, '--checkpoint', exported, '--onnx', exported]);
  t.is(both.code, 2);
  t.is((await snug(t, ['export', bundle])).code, 2);
});
