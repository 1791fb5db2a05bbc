/** Finished runs: what is picked by eval rows, what it loses on test rows, and the table over seeds. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { accuracyBenchmark } from '../../../src/bench/accuracy/index.js';
import { budgets, lossOf, pairedHalfWidth, pick, worstOfFourBits } from '../../../src/bench/accuracy/picks.js';
import { type ProfileRecord, type RunRecord, readRecords } from '../../../src/bench/accuracy/record.js';
import { ngramRow, rowsOf } from '../../../src/bench/accuracy/rows.js';
import { bundleOf } from '../../bundle/support.js';
import { temporaryFolder } from '../../checkpoint/support.js';

const profile = (name: string, evalAccuracy: number, right: number, bytes: number, time: number): ProfileRecord => ({
  profile: name,
  evalAccuracy,
  inScopeTop1: right,
  accuracy: right - 0.04,
  inScopeAccuracy: right - 0.02,
  outOfScopeRecall: 0.81,
  onlyFullRight: 90,
  onlyItRight: 45,
  recommended: true,
  weightBytes: bytes,
  latencyRatio: time,
});

const record = (seed: number, full = 0.966): RunRecord => ({
  task: 'clinc150',
  recipe: 'full',
  seed,
  command: 'snug build',
  bundle: `bundle ${seed}`,
  testRows: 5500,
  inScopeRows: 4500,
  cpu: 'a processor',
  profiles: [
    profile('w1.00-p0.00-q32', 0.95, full, 90, 1),
    profile('w1.00-p0.00-q8', 0.949, 0.964, 24, 0.3),
    profile('w0.75-p0.25-q8', 0.945, 0.961, 17, 0.2),
    profile('w0.75-p0.25-q4', 0.94, 0.957, 10, 0.35),
    profile('w0.50-p0.00-q32', 0.944, 0.96, 45, 0.4),
    // Better on test rows than what eval rows favour: that must not count.
    profile('w0.50-p0.25-q8', 0.941, 0.955, 11, 0.14),
    profile('w0.50-p0.50-q8', 0.94, 0.959, 9, 0.11),
    profile('bag-q8', 0.99, 0.99, 12, 0.02),
  ],
});

test('a budget allows what is small and quick enough; eval rows pick, and never the shape without layers', (t) => {
  const picked = budgets.map((budget) => pick(record(1), budget)?.profile);
  t.deepEqual(picked, ['w1.00-p0.00-q8', 'w0.50-p0.00-q32', 'w0.75-p0.25-q8', 'w0.50-p0.25-q8']);
  t.is(pick({ ...record(1), profiles: [] }, budgets[0]), undefined);
});

test('what is lost is counted in points against the full fp32 profile of the same bundle', (t) => {
  const run = record(1);
  const { inScope, all } = lossOf(run, run.profiles[5]);
  t.true(Math.abs(inScope - 1.1) < 1e-9 && Math.abs(all - 1.1) < 1e-9);
  t.like(worstOfFourBits(run), { profile: 'w0.75-p0.25-q4' });
});

test('the interval around a loss is that of the rows that only one of both answers right', (t) => {
  const run = record(1);
  // 135 rows of 4,500 differ, 45 more one way: a standard error of sqrt(135 - 45² / 4500) rows.
  const rows = 1.96 * Math.sqrt(135 - 0.45);
  t.true(Math.abs(pairedHalfWidth(run, run.profiles[5]) - (100 * rows) / 4500) < 1e-9);
});

test('each task has bars of its own; the full model has them too', (t) => {
  const barsOf = (task: string) =>
    Object.fromEntries(rowsOf(task, 'full', [record(1)]).map(({ id, bar }) => [id.slice(task.length + 6), bar]));
  t.like(barsOf('clinc150'), {
    full: '>=96',
    'full-refusing': '>=94',
    'full-refused': '>=80',
    'full-all': '>=91.8',
    budget: '<=0.3',
    eighth: '<=1.5',
    'budget-all': '<=1.5',
    'four-bits': '<=1',
  });
  t.deepEqual(barsOf('sst2'), {
    full: '>=88',
    budget: '<=0.5',
    'half-width': '<=3',
    quarter: '<=3',
    eighth: '<=4',
    'four-bits': null,
  });
});

test('the table is the mean over seeds with its spread; bars are on the mean', (t) => {
  const rows = rowsOf('clinc150', 'full', [record(1), record(2, 0.97)]);
  const budget = rows.find(({ id }) => id === 'clinc150-full-budget');
  t.true(Math.abs((budget?.value ?? 0) - 0.4) < 1e-9);
  t.like(budget, { bar: '<=0.3', met: false, rounds: 2 });
  t.like(
    rows.find(({ id }) => id === 'clinc150-full-eighth'),
    { bar: '<=1.5', met: true },
  );
  t.true(
    rowsOf('clinc150', 'fast', [record(1)]).every(({ bar }) => bar === null),
    'bars are for what was trained',
  );
});

test('profiles that n-grams beat are named', (t) => {
  t.is(ngramRow('clinc150', record(1), 0.93).note, 'w0.50-p0.25-q8');
  t.is(ngramRow('clinc150', record(1), 0.956).note, 'use n-grams instead of w0.50-p0.25-q8');
});

async function folderWith(t: ExecutionContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-records-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'one.json'), content);
  return folder;
}

test('records are read from where they are, one a bundle; a file that is none is named', async (t) => {
  const [one, other] = [await folderWith(t, JSON.stringify(record(1))), await folderWith(t, JSON.stringify(record(2)))];
  t.deepEqual(readRecords([one, other, join(one, 'nowhere')]), [record(1), record(2)]);
  t.is(readRecords([one, one]).length, 1);
  const broken = await folderWith(t, '{"task": 1}');
  t.throws(() => readRecords([broken]), { code: 'BENCH_DATA', message: /one\.json/ });
});

test('a bundle that kept its checkpoint’s head is no run: nothing was picked on rows', async (t) => {
  const bundle = await bundleOf(t);
  const options = { bundle, packageRoot: bundle, cacheFolder: await temporaryFolder(t), rounds: 1, say: () => {} };
  await t.throwsAsync(accuracyBenchmark.run(options), { code: 'BENCH_DATA', message: /head/ });
});
