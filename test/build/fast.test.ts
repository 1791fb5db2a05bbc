/** `--recipe fast`: every profile of the ladder out of one master, and builds that go on after a kill. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BuildOptions, build } from '../../src/build/index.js';
import { openBundle } from '../../src/bundle/index.js';
import { Master } from '../../src/bundle/making.js';
import { readRows } from '../../src/data/index.js';
import { SnugError } from '../../src/errors/index.js';
import { evaluate } from '../../src/evaluate/index.js';
import { load } from '../../src/infer/index.js';
import { buildOptions, useOwnCache } from '../bundle/support.js';
import { fixtures } from '../checkpoint/support.js';
import { snug, started } from '../cli/snug.js';
import { asTsv, dataFiles, evalRows, trainRows } from './support.js';

useOwnCache(test);

type Files = Awaited<ReturnType<typeof dataFiles>>;

const shared = mkdtempSync(join(tmpdir(), 'snug-fast-'));
const files: Files = { folder: shared, data: join(shared, 'train.tsv'), evaluation: join(shared, 'eval.tsv') };
const bundle = join(shared, 'bundle');

/** `snug build` as its users call it, for the compiled one measures fifty profiles in less time. */
const argsOf = ({ data, evaluation }: Files, output: string) => {
  const rows = ['--data', data, '--eval', evaluation, '--none', 'oos'];
  return ['build', join(fixtures, 'bert-mean'), ...rows, '--recipe', 'fast', '--threads', '1', '-o', output];
};

let built: Promise<void> | undefined;
/** Builds the bundle of the tests that only read one, once. */
function sharedBundle(t: ExecutionContext): Promise<void> {
  t.timeout(180_000);
  const make = async () => {
    await writeFile(files.data, asTsv(trainRows));
    await writeFile(files.evaluation, asTsv(evalRows));
    const { code, err } = await snug(t, argsOf(files, bundle));
    if (code !== 0) throw new Error(err);
  };
  built ??= make();
  return built;
}
test.after.always(() => rm(shared, { recursive: true, force: true }));

test('every profile of the ladder loads and answers; its figures are those that eval measures', async (t) => {
  await sharedBundle(t);
  const opened = await openBundle(bundle);
  const { ladder } = opened.manifest;
  t.is(ladder.length, 50);
  const rows = await readRows(files.evaluation);
  for (const rung of ladder) {
    const model = await load(bundle, { profile: rung.profile });
    const answers = await model.predict(['turn off the lamp', '', 'zebra 42']);
    await model.close();
    for (const { score } of answers) t.true(score >= 0 && score <= 1, rung.profile);
    const found = await evaluate(opened, { rows, file: files.evaluation, profile: rung.profile });
    t.deepEqual(
      [found.accuracy, found.inScopeTop1, found.inScopeAccuracy, found.outOfScopeRecall],
      [rung.accuracy, rung.inScopeTop1, rung.inScopeAccuracy, rung.outOfScopeRecall],
      rung.profile,
    );
    t.deepEqual([found.params, found.weightBytes], [rung.params, rung.weightBytes], rung.profile);
  }
});

test('every width has prototypes of its own, as many channels wide as it keeps', async (t) => {
  await sharedBundle(t);
  const { manifest } = await openBundle(bundle);
  const master = await Master.open(join(bundle, 'master.safetensors'));
  t.teardown(() => master.close());
  for (const width of ['0.75', '0.50', '0.25'])
    t.deepEqual(master.shape(`width.${width}.head.prototypes`), [9, manifest.shapes[`w${width}-p0.00`].channels]);
});

test('smaller shares are smaller networks; a profile that another one beats says which', async (t) => {
  await sharedBundle(t);
  const { ladder } = (await openBundle(bundle)).manifest;
  const at = (profile: string) => {
    const rung = ladder.find((one) => one.profile === profile);
    if (!rung) throw new Error(`no ${profile}`);
    return rung;
  };
  for (const bits of [32, 8, 4]) {
    const row = ['w1.00-p0.00', 'w0.50-p0.00', 'w0.50-p0.50', 'w0.25-p0.75'].map((shape) => at(`${shape}-q${bits}`));
    for (const [i, { params, weightBytes, macsPerToken }] of row.entries()) {
      const larger = row[i - 1];
      if (larger)
        t.true(params < larger.params && weightBytes < larger.weightBytes && macsPerToken < larger.macsPerToken);
    }
  }
  t.true(at('bag-q8').macsPerToken < at('w0.25-p0.75-q8').macsPerToken);
  const beaten = ladder.filter(({ dominatedBy }) => dominatedBy !== undefined);
  t.true(beaten.length > 0 && beaten.length < ladder.length);
  for (const rung of beaten) {
    const better = at(rung.dominatedBy ?? '');
    t.true((better.accuracy ?? 0) >= (rung.accuracy ?? 1) && better.weightBytes <= rung.weightBytes);
    t.true(better.macsPerToken <= rung.macsPerToken);
  }
});

test("a checkpoint's own head is cut with the rest; without texts, made-up ones show what matters", async (t) => {
  t.timeout(180_000);
  const output = join(shared, 'own-head');
  const checkpoint = join(fixtures, 'bert-single-label');
  const { code, err } = await snug(t, ['build', checkpoint, '--recipe', 'fast', '--store', 'q8', '-o', output]);
  t.is(code, 0, err);
  const { ladder } = (await openBundle(output)).manifest;
  t.is(ladder.length, 48, 'no profile without layers: this head means nothing to averaged embeddings');
  for (const profile of ['w1.00-p0.00-q32', 'w0.50-p0.50-q8', 'w0.25-p0.75-q4']) {
    const model = await load(output, { profile });
    const [{ score }] = await model.predict(['turn off the lamp']);
    await model.close();
    t.true(score >= 0 && score <= 1, profile);
  }
});

/** All files of a bundle but the report, the manifest without what says when and by which words it was built. */
function contentOf(folder: string) {
  const names = readdirSync(folder).filter((name) => !name.startsWith('report.') && name !== 'manifest.sha256');
  return names.map((name) => {
    const bytes = readFileSync(join(folder, name));
    if (name !== 'manifest.json') return [name, bytes];
    const { created: _, command: __, ...manifest } = JSON.parse(bytes.toString());
    return [name, manifest];
  });
}

/** Waits for a file that a child makes; false where the child ends before. */
async function appears(child: ChildProcess, path: string): Promise<boolean> {
  while (!existsSync(path)) {
    if (child.exitCode !== null) return false;
    await new Promise((done) => setTimeout(done, 2));
  }
  return true;
}

test('killed three times and resumed: the bundle has the bytes of one that was built at once', async (t) => {
  t.timeout(180_000);
  const own = await dataFiles(t);
  const work = join(own.folder, '.bundle.work');
  const output = join(own.folder, 'bundle');
  for (const milestone of ['encoder.safetensors', 'head w0.50-p0.25.step', 'profile w0.75-p0.50-q8.step']) {
    const child = started(t, [...argsOf(own, output), '--resume']);
    t.true(await appears(child, join(work, milestone)), milestone);
    child.kill('SIGKILL');
    await once(child, 'close');
    t.false(existsSync(output));
  }
  const { code, err } = await snug(t, [...argsOf(own, output), '--resume']);
  t.is(code, 0, err);
  t.false(err.includes('fitting slices'), 'what was done is not done again');
  t.false(existsSync(work), 'nothing is left over');
  await sharedBundle(t);
  t.deepEqual(contentOf(output), contentOf(bundle));
});

const optionsOf = ({ folder, data, evaluation }: Files, more: Partial<BuildOptions> = {}): BuildOptions =>
  buildOptions('bert-mean', join(folder, 'bundle'), { data, evaluation, none: 'oos', recipe: 'fast', ...more });

/** The phases of a build that stops, as after Ctrl-C, when the first profile is measured. */
async function interrupted(t: ExecutionContext, options: BuildOptions): Promise<Set<string>> {
  const phases = new Set<string>();
  const onProgress = (phase: string) => {
    if (phase.startsWith('measuring')) throw new SnugError('INTERRUPTED', `while ${phase}`);
    phases.add(phase);
  };
  await t.throwsAsync(build({ ...options, onProgress }), { code: 'INTERRUPTED' });
  return phases;
}

test('interrupted: what was done is kept for --resume, and refused where inputs or options differ', async (t) => {
  const own = await dataFiles(t);
  const options = optionsOf(own);
  t.true((await interrupted(t, options)).has('fitting slices'));
  const work = join(own.folder, '.bundle.work');
  const before = await readFile(join(work, 'encoder.safetensors'));

  const others: Partial<BuildOptions>[] = [{ seed: 2 }, { store: 'q8' }, { refuse: 0.1 }, { none: undefined }];
  const refuse = async (other: Partial<BuildOptions>) => {
    const error = await t.throwsAsync(build({ ...options, ...other, resume: true }), { code: 'RESUME_MISMATCH' });
    t.true(error?.message.includes(work));
    t.deepEqual(await readFile(join(work, 'encoder.safetensors')), before, 'what is there stays');
  };
  for (const other of others) await refuse(other);
  await writeFile(own.data, asTsv([...trainRows, ['lamp on', 'turn_on']]));
  await refuse({});
  await writeFile(own.data, asTsv(trainRows));

  const phases = await interrupted(t, { ...options, resume: true });
  t.false(phases.has('fitting slices') || phases.has('embedding w0.50-p0.50'), `${[...phases]}`);
  t.true((await interrupted(t, options)).has('fitting slices'), 'without --resume, what is there is not used');
});

test('--resume with nothing to go on from builds from the beginning', async (t) => {
  const phases = await interrupted(t, optionsOf(await dataFiles(t), { resume: true }));
  t.true(phases.has('fitting slices') && phases.has('embedding w0.50-p0.50'));
});
