/** `--recipe full`: a network that is trained before it is cut; what it learnt outlives a kill, and its slices teach themselves. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BuildOptions, build, planBuild } from '../../src/build/index.js';
import { openBundle } from '../../src/bundle/index.js';
import { SnugError } from '../../src/errors/index.js';
import { exportCheckpoint } from '../../src/export/index.js';
import { load } from '../../src/infer/index.js';
import { buildOptions, useOwnCache } from '../bundle/support.js';
import { asTsv, dataFiles, evalRows, trainRows } from './support.js';

useOwnCache(test);

const training = { epochs: 40, learningRate: 3e-3 };

/** Ends a build where it begins to measure profiles, which takes longest; its work stays. */
async function trained(t: ExecutionContext, options: BuildOptions, from = /^measuring w/): Promise<Buffer> {
  const onProgress = (phase: string) => {
    if (from.test(phase)) throw new SnugError('INTERRUPTED', 'far enough');
  };
  await t.throwsAsync(build({ ...options, onProgress }), { code: 'INTERRUPTED' });
  return readFile(join(options.output, '..', `.${basename(options.output)}.work`, 'master.safetensors'));
}

async function wanted(t: ExecutionContext, more: Partial<BuildOptions> = {}): Promise<BuildOptions> {
  const { folder, data, evaluation } = await dataFiles(t);
  const given = { data, evaluation, none: 'oos', recipe: 'full', training, ...more } as const;
  return buildOptions('bert-mean', join(folder, 'bundle'), given);
}

test('the network learns its labels, every profile answers, and what it learnt can be exported and taught on', async (t) => {
  t.timeout(180_000);
  const notes: string[] = [];
  const options = await wanted(t, { onNote: (note) => void notes.push(note) });
  const { manifest } = await build(options);
  t.true(manifest.ladder.length >= 50);
  t.regex(notes[0], /^training: 40 epochs of fine-tuning, \d+ steps of training slices; 0\.\d GB of memory/);
  t.true(
    notes.some((note) => /^training slices: step \d+, loss .* tokens\/s, .* % of eval rows \(w1\.00-p0\.00/.test(note)),
  );
  const [full] = manifest.ladder;
  t.true((full.inScopeTop1 ?? 0) > 0.8, JSON.stringify(full));
  for (const profile of ['w1.00-p0.00-q32', 'w0.50-p0.50-q8', 'bag-q8']) {
    const model = await load(options.output, { profile });
    const [{ score }] = await model.predict(['turn on the lamp']);
    t.true(score > 0 && score <= 1, profile);
    await model.close();
  }

  // A checkpoint with a head of its own teaches its slices on texts alone.
  const exported = `${options.output}-checkpoint`;
  const profile = 'w1.00-p0.00-q32';
  await exportCheckpoint(await openBundle(options.output), { folder: exported, profile, version: '0' });
  const texts = `${options.output}-texts.txt`;
  await writeFile(texts, trainRows.map(([text]) => `${text}\n`).join(''));
  const output = `${options.output}-own`;
  const given = { checkpoint: exported, recipe: 'full', unlabelled: texts } as const;
  const own = await build({ ...buildOptions('bert-mean', output), ...given });
  t.deepEqual(own.manifest.labels, manifest.labels);
  t.false(
    own.manifest.ladder.some((rung) => rung.profile.startsWith('bag')),
    'nothing to fit its head on',
  );
  const model = await load(output, { profile });
  t.is((await model.predict(['turn on the lamp']))[0].label, 'turn_on');
  await model.close();
});

test('a build that was stopped while it trained goes on to the same bundle', async (t) => {
  t.timeout(180_000);
  const options = await wanted(t);
  const whole = await trained(t, { ...options, output: `${options.output}-whole` });
  const work = join(options.output, '..', '.bundle.work');
  for (const [phase, done] of [
    ['fine-tuning', 7],
    ['training slices', 5],
  ] as const) {
    const onProgress = (at: string, step: number) => {
      if (at === phase && step === done) throw new SnugError('INTERRUPTED', 'stopped');
    };
    await t.throwsAsync(build({ ...options, resume: true, onProgress }), { code: 'INTERRUPTED' });
    t.true(existsSync(work), `${phase}: what was learnt stays`);
  }
  t.true(whole.equals(await trained(t, { ...options, resume: true })));
});

test('a learning rate that diverges is stopped with advice, and the work stays; other options do not take it up', async (t) => {
  const options = await wanted(t, { training: { ...training, learningRate: 1e30 } });
  const error = await t.throwsAsync(build(options), { instanceOf: SnugError });
  t.is(error.code, 'TRAINING_DIVERGED');
  t.regex(error.remedy, /learning rate/i);
  t.true(existsSync(join(options.output, '..', '.bundle.work')));
  await t.throwsAsync(build({ ...options, resume: true, training }), { code: 'RESUME_MISMATCH' });
});

test('a dry run says how long and how much, writes nothing, and keeps to hours; too little memory is told', async (t) => {
  const options = await wanted(t);
  const plan = await planBuild({ ...options, training: { hours: 0.05 } });
  t.true(plan.seconds !== undefined && plan.seconds.fineTuning > 0 && plan.seconds.slices > 0);
  t.true(plan.sliceSteps >= 1);
  t.true(plan.memory.bytes > 0);
  t.false(existsSync(join(options.output, '..', '.bundle.work')));
  await t.throwsAsync(planBuild({ ...options, training: { memory: 1e6 } }), { code: 'TRAINING_MEMORY' });
});

test('what cannot be trained is refused before anything long: a head of its own layer, no texts, pooling by the largest', async (t) => {
  const options = await wanted(t);
  const plain = { data: undefined, evaluation: undefined, none: undefined };
  await t.throwsAsync(build({ ...options, ...plain }), { code: 'USAGE' });
  const kept = {
    ...buildOptions('bert-single-label', options.output),
    recipe: 'full',
    unlabelled: options.data,
  } as const;
  const error = await t.throwsAsync(build(kept), { code: 'USAGE' });
  t.regex(error.message, /only a linear head over pooled vectors/);
});

test('one example of a label, all texts alike, a text longer than the position table: trained all the same', async (t) => {
  t.timeout(120_000);
  const long = Array.from({ length: 400 }, () => 'light').join(' ');
  const rows: [string, string][] = [
    ['turn on the lamp', 'turn_on'],
    [long, 'turn_off'],
    ...Array.from({ length: 6 }, (): [string, string] => ['what is the temp', 'question']),
  ];
  const options = await wanted(t);
  await writeFile(options.data ?? '', asTsv(rows));
  await writeFile(options.evaluation ?? '', asTsv(evalRows));
  t.true((await trained(t, { ...options, training: { epochs: 2 } })).length > 0);
});
