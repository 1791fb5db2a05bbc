/** `snug bench ablation` on a tiny checkpoint and rows of its own: every row is there, and a stopped run goes on. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { choicesBenchmark } from '../../../src/bench/ablation/choices.js';
import { ablationBenchmark } from '../../../src/bench/ablation/index.js';
import { lanesOf, quantised, shapes, steps } from '../../../src/bench/ablation/plan.js';
import type { BenchOptions } from '../../../src/bench/index.js';
import { nameOf } from '../../../src/calibrate/index.js';
import { rowsOf } from '../../build/support.js';
import { fixtures, temporaryFolder } from '../../checkpoint/support.js';

/** A data folder in the form of the real ones, and a cache. */
async function benchOptions(t: ExecutionContext): Promise<BenchOptions> {
  const folder = await temporaryFolder(t);
  const [train, held, test] = [
    ['lamp', 'room', 'light', 'temp'],
    ['degree', 'my lamp'],
    ['low room', 'high temp'],
  ];
  const split = (names: string[], oos: boolean) => rowsOf(names).filter(([, label]) => (label === 'oos') === oos);
  const clinc = {
    train: split(train, false),
    val: split(held, false),
    test: split(test, false),
    oos_train: split(train, true),
    oos_val: split(held, true),
    oos_test: split(test, true),
  };
  const polar = (names: string[]) =>
    split(names, false)
      .map(([text, label]) => `${text}\t${label === 'turn_on' ? 1 : 0}`)
      .join('\n');
  await mkdir(join(folder, 'clinc150'));
  await mkdir(join(folder, 'sst2'));
  await writeFile(join(folder, 'clinc150', 'data_full.json'), JSON.stringify(clinc));
  await writeFile(join(folder, 'sst2', 'train.tsv'), `${polar(train)}\n`);
  await writeFile(join(folder, 'sst2', 'dev.tsv'), `${polar(test)}\n`);
  return {
    checkpoint: join(fixtures, 'bert-mean'),
    dataFolder: folder,
    cacheFolder: join(folder, 'cache'),
    packageRoot: resolve('.'),
    say: () => undefined,
  };
}

test('a row for every task, shape, step and head, each beside the step before; stopped and run again: the same rows', async (t) => {
  t.timeout(170_000);
  const options = await benchOptions(t);
  const said: string[] = [];
  const stopping = {
    ...options,
    say: (line: string) => {
      said.push(line);
      if (line.includes('sst2: standing-in w0.50-p0.50')) throw new Error('stopped');
    },
  };
  await t.throwsAsync(ablationBenchmark.run(stopping), { message: 'stopped' });
  t.true(existsSync(join(options.cacheFolder, '.ablation.work')));
  const again: string[] = [];
  const rows = await ablationBenchmark.run({ ...options, say: (line) => again.push(line) });
  t.true(said.some((line) => line.includes('clinc150: sorted')) && !again.some((line) => line.includes('clinc150')));
  t.false(existsSync(join(options.cacheFolder, '.ablation.work')), 'the next run measures anew');

  const ids = ['clinc150', 'sst2'].flatMap((task) => [
    `${task}-full`,
    ...['', '-cut-head'].flatMap((head) =>
      shapes.flatMap((shape) => [...steps, ...quantised].map(({ id }) => `${task}-${nameOf(shape)}-${id}${head}`)),
    ),
  ]);
  t.deepEqual(
    rows.map(({ id }) => id),
    ids,
  );
  const at = (id: string) => rows.find((row) => row.id === id);
  for (const { id, unit, value, reference, ratio } of rows) {
    t.is(unit, 'share');
    t.true(value !== null && value >= 0 && value <= 1, id);
    if (id.endsWith('-full')) continue;
    t.true(reference !== null && reference.value !== null, id);
    t.is(ratio, (value ?? 0) / (reference?.value ?? 1), id);
  }
  const last = at('sst2-w0.50-p0.50-restored');
  t.like(at('sst2-w0.50-p0.50-4-bit'), { reference: { what: 'restored', value: last?.value } });
  t.like(at('clinc150-w0.50-p0.00-original-cut-head'), {
    reference: { what: 'full', value: at('clinc150-full')?.value },
  });
  t.is(at('clinc150-w1.00-p0.50-restored')?.ratio, 1, 'nothing to restore at full width');

  const pictures = ablationBenchmark.pictures?.(rows) ?? {};
  t.deepEqual(Object.keys(pictures), ['ablation-steps']);
  const [picture] = Object.values(pictures);
  t.false(/NaN|Infinity|undefined/.test(picture));
  for (const shape of shapes) t.is(picture.split(`>${nameOf(shape)}</text>`).length - 1, 2, 'a name in either panel');
});

test('what was tried beside the defaults has its rows', async (t) => {
  t.timeout(170_000);
  const rows = await choicesBenchmark.run(await benchOptions(t));
  for (const id of [
    'choice-pooled-w0.50-p0.50',
    'choice-rank-64-w1.00-p0.75',
    'choice-text-w0.25-p0.50',
    'choice-prototypes-w0.50-p0.00',
    'choice-prototypes-w0.50-p0.50-own',
    'choice-block-64-w1.00-p0.00',
    'choice-block-128-w0.25-p0.50-bytes',
  ]) {
    const row = rows.find((one) => one.id === id);
    t.true(typeof row?.value === 'number' && Number.isFinite(row.value), id);
  }
  // Rows of this network are shorter than a block, which fills them up.
  const bytes = rows.filter(({ id }) => id.endsWith('-bytes'));
  t.true(bytes.length === 8 && bytes.every(({ unit, value }) => unit === 'MB' && (value ?? 0) > 0));
});

test('shapes are fitted beside those that they share corrections with, each once', (t) => {
  const names = lanesOf(shapes).map(nameOf);
  t.is(new Set(names).size, names.length);
  for (const { width, prune } of shapes)
    for (const shape of [
      { width, prune },
      { width, prune: 0 },
      { width: 1, prune },
    ])
      t.true(names.includes(nameOf(shape)));
});

test('without data or a checkpoint it says so', async (t) => {
  const options = await benchOptions(t);
  await t.throwsAsync(ablationBenchmark.run({ ...options, dataFolder: undefined }), { code: 'BENCH_DATA' });
  await t.throwsAsync(ablationBenchmark.run({ ...options, checkpoint: undefined }), { code: 'BENCH_SETUP' });
  await t.throwsAsync(ablationBenchmark.run({ ...options, dataFolder: join(options.cacheFolder, 'no') }), {
    code: 'BENCH_DATA',
  });
});
