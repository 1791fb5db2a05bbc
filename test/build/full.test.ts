/** `--recipe full`: a network that is trained before it is cut; what it learnt outlives a kill, and its slices teach themselves. */
import { cpSync, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deserialize } from 'node:v8';
import test, { type ExecutionContext } from 'ava';
import { type BuildOptions, build, planBuild } from '../../src/build/index.js';
import type { FoundShape } from '../../src/build/search/index.js';
import { mixedSlice, sliceOf } from '../../src/build/search/mixed-slices.js';
import { ownRows } from '../../src/build/training/own-answers.js';
import { addOwn, slicePlan } from '../../src/build/training/sliced.js';
import { StoredCorrections } from '../../src/build/training/stored-corrections.js';
import { openBundle } from '../../src/bundle/index.js';
import { Master } from '../../src/bundle/making.js';
import { openCheckpoint, SafetensorsFile } from '../../src/checkpoint/index.js';
import { SnugError } from '../../src/errors/index.js';
import { exportCheckpoint } from '../../src/export/index.js';
import { loadCheckpointTokenizer } from '../../src/infer/checkpoint-tokenizer.js';
import { load } from '../../src/infer/index.js';
import { shapeOf } from '../../src/model/index.js';
import { Backpropagation, batchOf, Parameters } from '../../src/train/index.js';
import { buildOptions, flipBit, useOwnCache } from '../bundle/support.js';
import { fixtures, opened, withPooledHead } from '../checkpoint/support.js';
import { asTsv, dataFiles, evalRows, trainRows } from './support.js';

useOwnCache(test);

const training = { epochs: 40, learningRate: 3e-3 };

async function buildUntil(t: ExecutionContext, options: BuildOptions, from: RegExp): Promise<void> {
  const onProgress = (phase: string) => {
    if (from.test(phase)) throw new SnugError('INTERRUPTED', 'far enough');
  };
  await t.throwsAsync(build({ ...options, onProgress }), { code: 'INTERRUPTED' });
}

/** Ends a build where it begins to measure profiles, which takes longest; its work stays. */
async function trained(t: ExecutionContext, options: BuildOptions): Promise<Buffer> {
  await buildUntil(t, options, /^measuring w/);
  return readFile(join(workOf(options), 'master.safetensors'));
}

const workOf = ({ output }: BuildOptions) => join(output, '..', `.${basename(output)}.work`);

/** What a slice said while it was trained is what the profile says that is cut from the bundle. */
async function sameAnswers(t: ExecutionContext, bundle: string, work: string): Promise<void> {
  const checkpoint = await openCheckpoint(join(fixtures, 'bert-mean'));
  const shape = shapeOf(checkpoint);
  const tokenizer = await loadCheckpointTokenizer(checkpoint);
  await checkpoint.close();
  const trained = await SafetensorsFile.open(join(work, 'distilled.safetensors'));
  const parameters = await Parameters.read(trained, shape, 3);
  for (const name of trained.names)
    if (name.includes('/')) parameters.add(name, trained.shape(name), await trained.read(name));
  await trained.close();
  const corrections = await StoredCorrections.open(join(work, 'corrections.safetensors'), checkpoint.config);
  const run = new Backpropagation(shape, parameters, { threads: 1 });
  t.teardown(() => run.close());
  const { whole, regular, others } = slicePlan(checkpoint.config, corrections);
  const kept: FoundShape[] = deserialize(await readFile(join(work, 'found.step')));
  const found = kept.map((shape) => sliceOf(shape, checkpoint.config, corrections));
  const uniform = ['w1.00-p0.00', 'w1.00-p0.50', 'w0.50-p0.00', 'w0.50-p0.50', 'w0.25-p0.75'];
  for (const name of [...uniform, ...found.map((one) => one.name)]) {
    const slice = [whole, ...regular, ...others, ...found].find((one) => one.name === name);
    if (!slice) return t.fail(name);
    const weights = run.slice(slice);
    await weights.refresh();
    const model = await load(bundle, { profile: name.includes('+') ? name.replace('+', '-q32+') : `${name}-q32` });
    for (const text of ['turn on the lamp', 'is it the light of my room?']) {
      const [{ logits }] = await model.answers([text]);
      const said = await run.logits(batchOf([tokenizer.encode(text).ids]), weights);
      const largest = Math.max(...said.map(Math.abs));
      // The bundle has half precision.
      for (const [i, value] of said.entries())
        t.true(Math.abs(value - logits[i]) < 0.01 * largest, `${name}: ${said}, ${logits}`);
    }
    await model.close();
  }
}

async function wanted(t: ExecutionContext, more: Partial<BuildOptions> = {}): Promise<BuildOptions> {
  const { folder, data, evaluation } = await dataFiles(t);
  const given = { data, evaluation, none: 'oos', recipe: 'full', training, ...more } as const;
  return buildOptions('bert-mean', join(folder, 'bundle'), given);
}

test('the network learns its labels, every profile answers, and what it learnt can be exported and taught on', async (t) => {
  t.timeout(600_000);
  const notes: string[] = [];
  const options = await wanted(t, {
    onNote: (note) => void notes.push(note),
    onProgress: (phase) => {
      // The last moment at which what was trained is there.
      if (phase.startsWith('measuring w1.00-p0.00-q32'))
        cpSync(workOf(options), `${options.output}-work`, { recursive: true });
    },
  });
  const { manifest } = await build(options);
  t.true(manifest.ladder.length >= 50);
  t.regex(notes[0], /^training: 40 epochs of fine-tuning, \d+ steps of training slices; 0\.\d GB of memory/);
  t.true(
    notes.some((note) => /^training slices: step \d+, loss .* tokens\/s, .* % of eval rows \(w1\.00-p0\.00/.test(note)),
  );
  const [full] = manifest.ladder;
  t.true((full.inScopeTop1 ?? 0) > 0.8, JSON.stringify(full));
  // What the search over layers found worth keeping is in the bundle in all bits, and answers like any other.
  const [, names = ''] = /beat .* after it: (.*)$/.exec(notes.find((note) => note.startsWith('search: ')) ?? '') ?? [];
  const found = names === 'none' ? [] : names.split(', ').map((name) => name.replace('+', '-q32+'));
  t.true(names !== '', `${notes}`);
  t.is(manifest.ladder.filter(({ profile }) => profile.includes('+')).length, 3 * found.length);
  for (const profile of ['w1.00-p0.00-q32', 'w0.50-p0.50-q8', 'bag-q8', ...found]) {
    const model = await load(options.output, { profile });
    const [{ score }] = await model.predict(['turn on the lamp']);
    t.true(score > 0 && score <= 1, profile);
    await model.close();
  }

  await sameAnswers(t, options.output, `${options.output}-work`);

  // A checkpoint with a head of its own teaches its slices on texts alone.
  const exported = `${options.output}-checkpoint`;
  const profile = 'w1.00-p0.00-q32';
  await exportCheckpoint(await openBundle(options.output), { folder: exported, profile, version: '0' });
  const texts = `${options.output}-texts.txt`;
  await writeFile(texts, trainRows.map(([text]) => `${text}\n`).join(''));
  const output = `${options.output}-own`;
  const given = { checkpoint: exported, recipe: 'full', unlabelled: texts } as const;
  const told: string[] = [];
  const onNote = (note: string) => void told.push(note);
  await trained(t, { ...buildOptions('bert-mean', output), ...given, onNote });
  t.regex(told[0], /^training: 0 epochs of fine-tuning/);
  const [, alike] =
    /, (\d+)\.\d\d % of texts kept aside/.exec(told.find((note) => note.startsWith('training slices')) ?? '') ?? [];
  t.true(Number(alike) >= 70, `slices answer as the whole network does: ${told}`);
});

test('a build that was stopped while it trained goes on to the same bundle', async (t) => {
  t.timeout(180_000);
  const options = await wanted(t);
  const whole = await trained(t, { ...options, output: `${options.output}-whole` });
  const work = workOf(options);
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

test('what was learnt stays in a folder that is named, and makes a smaller bundle without learning again', async (t) => {
  t.timeout(180_000);
  const given = await wanted(t);
  const folder = `${given.output}-learnt`;
  const options = { ...given, training: { ...training, folder } };
  await trained(t, options);
  const phases: string[] = [];
  const onProgress = (phase: string) => {
    phases.push(phase);
    if (/^measuring w/.test(phase)) throw new SnugError('INTERRUPTED', 'far enough');
  };
  const smaller = { ...options, output: `${given.output}-smaller`, store: 'q8', vocab: 90, onProgress } as const;
  await t.throwsAsync(build(smaller), { code: 'INTERRUPTED' });
  t.false(phases.includes('fine-tuning') || phases.includes('training slices'), `${phases}`);
  const master = await Master.open(join(workOf(smaller), 'master.safetensors'));
  t.is(master.shape('embeddings.word_embeddings.weight')[0], 90, 'only the pieces that were asked for are stored');
  await master.close();

  const otherwise = { ...smaller, seed: 2 };
  await t.throwsAsync(build(otherwise), { code: 'RESUME_MISMATCH' }, 'another seed learns something else');
  const foreign = { ...smaller, training: { ...training, folder: join(given.output, '..') } };
  await t.throwsAsync(build(foreign), { code: 'BUNDLE_WRITE' }, 'a folder of something else is not touched');
});

test('a learning rate that diverges is stopped with advice, and the work stays; other options do not take it up', async (t) => {
  const options = await wanted(t, { training: { ...training, learningRate: 1e30 } });
  const error = await t.throwsAsync(build(options), { instanceOf: SnugError });
  t.is(error.code, 'TRAINING_DIVERGED');
  t.regex(error.remedy, /--learning-rate: it is 1e\+30, and 5e\+29 is/);
  t.true(existsSync(join(workOf(options), 'fine-tuning.state')));
  t.true(existsSync(workOf(options)));
  await t.throwsAsync(build({ ...options, resume: true, training }), { code: 'RESUME_MISMATCH' });
});

test('a network that learnt nothing is told as such before hours go into its slices', async (t) => {
  const notesOf = async (options: BuildOptions): Promise<string> => {
    const notes: string[] = [];
    await buildUntil(t, { ...options, onNote: (line) => notes.push(line) }, /^ranking/);
    return notes.join('\n');
  };
  const options = await wanted(t);
  t.notRegex(await notesOf(options), /nothing was learnt/);
  const alike = (['turn_on', 'turn_on', 'turn_off', 'question'] as const).map((label): [string, string] => [
    'hi',
    label,
  ]);
  await writeFile(options.data ?? '', asTsv(alike));
  await writeFile(options.evaluation ?? '', asTsv(alike));
  t.regex(
    await notesOf({ ...options, none: undefined }),
    /nothing was learnt: always the commonest label is right for 50\.00 % of eval rows/,
  );
});

test('a dry run says how long and how much, writes nothing, and keeps to hours; too little memory is told', async (t) => {
  const options = await wanted(t);
  const plan = await planBuild({ ...options, training: { hours: 0.05 } });
  t.true(plan.seconds !== undefined && plan.seconds.fineTuning > 0 && plan.seconds.slices > 0);
  t.true(plan.sliceSteps >= 1);
  t.true(plan.memory.bytes > 0);
  t.false(existsSync(workOf(options)));
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

test('labelled rows put a new head over a checkpoint that has one for other labels', async (t) => {
  const checkpoint = await withPooledHead(t, ['yes', 'no']);
  const options = { ...(await wanted(t, { training: { epochs: 1, hours: 0.05 } })), checkpoint };
  const { seconds } = await planBuild(options);
  t.true((seconds?.fineTuning ?? 0) > 0);
  await buildUntil(t, { ...options, training: { epochs: 1 } }, /^ranking/);
});

test('without labelled rows a plan measures the steps of slices alone, for one text too', async (t) => {
  const { folder } = await dataFiles(t);
  const unlabelled = join(folder, 'texts.txt');
  await writeFile(unlabelled, 'turn on the lamp\n');
  const checkpoint = await withPooledHead(t, ['yes', 'no']);
  const options = {
    ...buildOptions('bert-mean', join(folder, 'bundle')),
    checkpoint,
    unlabelled,
    recipe: 'full',
  } as const;
  const { epochs, sliceSteps, seconds } = await planBuild({ ...options, training: {} });
  t.is(epochs, 0);
  t.is(sliceSteps, 1);
  t.true(seconds?.fineTuning === 0 && seconds.slices > 0);
  t.is(
    (await planBuild({ ...options, training: { hours: 1, sliceEpochs: 1 } })).sliceSteps,
    1,
    'no more than asked for',
  );
});

test('texts that are held aside are learnt from nowhere, however often they come', async (t) => {
  const checkpoint = await opened(t, await withPooledHead(t, ['yes', 'no']));
  const options = buildOptions('bert-mean', '');
  const examples = Array.from({ length: 60 }, (_, i) => ({ ids: [2, 10 + (i % 20), 3], label: undefined }));
  const { learnt, held } = await ownRows(
    { options, checkpoint, tokenizer: await loadCheckpointTokenizer(checkpoint) },
    examples,
  );
  t.is(held.length, 2);
  t.is(learnt.length, 54);
  const texts = new Set(learnt.map(({ ids }) => ids.join()));
  for (const { ids, label } of held) t.false(texts.has(ids.join()) || label === undefined);
  const [same] = examples;
  const alone = await ownRows({ options, checkpoint, tokenizer: await loadCheckpointTokenizer(checkpoint) }, [
    same,
    same,
  ]);
  t.is(alone.learnt.length, 2, 'where there is but one text, it has to do for both');
});

test('whatever ends a build, what was learnt stays; with --resume too little memory is told, and nothing is lost', async (t) => {
  const notes: string[] = [];
  const options = await wanted(t, { onNote: (note) => void notes.push(note) });
  const onProgress = (phase: string) => {
    if (phase === 'training slices') throw new TypeError('a fault');
  };
  await t.throwsAsync(build({ ...options, onProgress }), { instanceOf: TypeError });
  t.regex(notes.at(-1) ?? '', /is kept: repeat the command with --resume/);
  const state = join(workOf(options), 'fine-tuned.safetensors');
  t.true(existsSync(state));
  const small = { ...options, resume: true, training: { ...training, memory: 1e6 } };
  await t.throwsAsync(build(small), { code: 'TRAINING_MEMORY' });
  t.true(existsSync(state));
});

test('what is there is not removed where nothing says whose it is', async (t) => {
  const options = await wanted(t);
  await buildUntil(t, options, /^training slices/);
  const work = workOf(options);
  await writeFile(join(work, 'build.json'), '');
  await t.throwsAsync(build({ ...options, resume: true }), { code: 'RESUME_MISMATCH', message: /whose work/ });
  t.true(existsSync(join(work, 'fine-tuned.safetensors')));
});

test('what a slice of the search has of its own begins as a uniform slice has it, and is its own', async (t) => {
  const options = await wanted(t, { training: { epochs: 1 } });
  await buildUntil(t, options, /^training slices/);
  const checkpoint = await opened(t, options.checkpoint);
  const { config } = checkpoint;
  const corrections = await StoredCorrections.open(join(workOf(options), 'corrections.safetensors'), config);
  const parameters = await Parameters.read(checkpoint.tensors, shapeOf(checkpoint), 3);
  addOwn(parameters, corrections, config);
  for (const [name, width] of [
    ['w1.00-p0.25+a', 1],
    ['w0.50-p0.25+b', 0.5],
  ] as const)
    mixedSlice(parameters, { name, width, allocation: [0, 1, 1, 0] }, config, corrections);
  const like = parameters.of('w1.00-p0.25/head.weight').values;
  t.deepEqual(parameters.of('w1.00-p0.25+a/head.weight').values, like);
  const all = [...parameters].map(({ values }) => values.buffer);
  t.is(new Set(all).size, all.length);
});

test('a file of an earlier build that was damaged is told by name, whichever it is', async (t) => {
  const options = await wanted(t, { training: { epochs: 1 } });
  await buildUntil(t, options, /^ranking channels/);
  await buildUntil(t, { ...options, resume: true }, /^training slices/);
  for (const name of ['arrangement.step', 'corrections.safetensors', 'fine-tuned.safetensors', 'tokenizer']) {
    const path = join(workOf(options), name);
    const whole = await readFile(path);
    await flipBit(path);
    const error = await t.throwsAsync(build({ ...options, resume: true }), { instanceOf: SnugError });
    t.is(error.code, 'RESUME_MISMATCH');
    t.true(error.message.includes(`${name}: the file is damaged`), error.message);
    t.regex(error.remedy, /Remove it/);
    await writeFile(path, whole);
  }
  await buildUntil(t, { ...options, resume: true }, /^training slices/);
});

test('a file is no place for what was learnt, and stays', async (t) => {
  const options = await wanted(t);
  const folder = options.data ?? '';
  const before = await readFile(folder, 'utf8');
  const error = await t.throwsAsync(build({ ...options, training: { folder } }), { instanceOf: SnugError });
  t.is(error.code, 'BUNDLE_WRITE');
  t.regex(error.remedy, /--training/);
  t.is(await readFile(folder, 'utf8'), before);
});

test('what keeps a build from going on is named: the option that is another', async (t) => {
  const options = await wanted(t, { training: { epochs: 1 } });
  await buildUntil(t, options, /^ranking/);
  const other = { ...options, resume: true, seed: 9, training: { epochs: 2 } };
  const error = await t.throwsAsync(build(other), { code: 'RESUME_MISMATCH' });
  t.regex(error.message, /other inputs or options: --seed, --epochs$/);
});

test('a process that has the number of one that is gone keeps nobody out', async (t) => {
  const options = await wanted(t, { training: { epochs: 1 } });
  await buildUntil(t, options, /^ranking/);
  const path = join(workOf(options), 'build.json');
  const owner = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...owner, pid: process.ppid }));
  await buildUntil(t, { ...options, resume: true }, /^ranking/);
  const { began: _, ...unknown } = owner;
  await writeFile(path, JSON.stringify({ ...unknown, pid: process.ppid }));
  await t.throwsAsync(build({ ...options, resume: true }), {
    code: 'BUNDLE_WRITE',
    message: /another build is at work/,
  });
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
