/** Fine-tuning a small network: it learns, it repeats, it goes on after a kill, it stops where it diverges. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SnugError } from '../../src/errors/index.js';
import { shapeOf } from '../../src/model/index.js';
import {
  accuracyOn,
  Backpropagation,
  defaultRecipe,
  type FineTuneOptions,
  fineTune,
  labelWeights,
  Parameters,
  type Recipe,
  type StepReport,
} from '../../src/train/index.js';
import { fixtures, opened } from '../checkpoint/support.js';
import { LABELS } from './network.js';
import { examplesOf } from './tasks.js';

const examples = examplesOf(60);

const recipe: Recipe = {
  ...defaultRecipe,
  epochs: 6,
  textsPerStep: 12,
  tokenBudget: 70,
  learningRate: 2e-3,
  headRate: 5,
};

async function fresh(t: ExecutionContext) {
  const checkpoint = await opened(t, `${fixtures}bert-mean`);
  const shape = shapeOf(checkpoint);
  const parameters = await Parameters.read(checkpoint.tensors, shape, LABELS);
  const train = async (options: Partial<FineTuneOptions> = {}) => {
    const reports: StepReport[] = [];
    const onStep = (report: StepReport) => {
      reports.push(report);
    };
    const result = await fineTune(shape, parameters, examples, { recipe, threads: 1, onStep, ...options });
    return { ...result, reports, losses: reports.map(({ loss }) => loss) };
  };
  return { shape, parameters, train };
}

async function place(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-training-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'state.safetensors');
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the loss falls, and the same seed repeats it to the bit', async (t) => {
  const { train, parameters } = await fresh(t);
  const { losses, reports, done, steps } = await train();
  t.is(done, 30);
  t.is(steps, 30);
  t.true(mean(losses.slice(-5)) < 0.5 * mean(losses.slice(0, 5)), `${losses}`);
  t.is(
    reports.slice(0, 5).reduce((sum, { tokens }) => sum + tokens, 0),
    examples.reduce((sum, { ids }) => sum + ids.length, 0),
  );
  const again = await fresh(t);
  t.deepEqual((await again.train()).losses, losses);
  t.deepEqual([...again.parameters], [...parameters]);
  const other = await fresh(t);
  t.notDeepEqual((await other.train({ recipe: { ...recipe, epochs: 1, seed: 1 } })).losses, losses.slice(0, 5));
});

test('the token budget changes what runs at once, not the step', async (t) => {
  // Adam's first steps make much of a gradient's last bits, so they are kept small.
  const undropped = { ...recipe, dropout: 0, epochs: 1, learningRate: 1e-5 };
  const [one, other] = [await fresh(t), await fresh(t)];
  const tight = await one.train({ recipe: undropped });
  const wide = await other.train({ recipe: { ...undropped, tokenBudget: 10_000 } });
  for (const [step, { loss, gradientNorm }] of tight.reports.entries()) {
    const { loss: other, gradientNorm: norm } = wide.reports[step];
    t.true(Math.abs(loss - other) < 1e-4, `step ${step + 1}: ${loss}, ${other}`);
    t.true(Math.abs(gradientNorm - norm) < 1e-3 * norm, `step ${step + 1}: ${gradientNorm}, ${norm}`);
  }
});

test('a run that was stopped and taken up again has the losses and weights of one that was not', async (t) => {
  const whole = await fresh(t);
  const { losses } = await whole.train();
  const path = await place(t);
  const state = { path, everySteps: 4, resume: true };

  // Killed after step 10, two steps after its last state.
  const killed = await fresh(t);
  const dies = ({ step }: StepReport) => {
    if (step === 10) throw new Error('killed');
  };
  await t.throwsAsync(killed.train({ state, onStep: dies }), { message: 'killed' });

  // Taken up there, and stopped as by Ctrl-C.
  const stopping = new AbortController();
  const second: number[] = [];
  const stopped = await fresh(t);
  const result = await stopped.train({
    state,
    signal: stopping.signal,
    onStep: ({ step, loss }) => {
      second.push(loss);
      if (step === 15) stopping.abort();
    },
  });
  t.is(result.done, 15);
  t.deepEqual(second, losses.slice(8, 15));

  const third = await fresh(t);
  t.deepEqual((await third.train({ state })).losses, losses.slice(15));
  for (const { name, values } of whole.parameters) t.deepEqual(third.parameters.of(name).values, values, name);
});

test('a state of another run, or a damaged one, is not taken up', async (t) => {
  const path = await place(t);
  const state = { path, everySteps: 2, resume: true };
  const { train } = await fresh(t);
  await train({ state, recipe: { ...recipe, epochs: 1 } });
  const other = await fresh(t);
  const before = [...other.parameters].map(({ values }) => values.slice());
  await t.throwsAsync(other.train({ state }), { code: 'RESUME_MISMATCH' });
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length / 2));
  const damaged = await t.throwsAsync(other.train({ state, recipe: { ...recipe, epochs: 1 } }), {
    instanceOf: SnugError,
  });
  t.is(damaged.code, 'SAFETENSORS_HEADER');
  t.regex(damaged.remedy, /Remove it/);
  t.deepEqual(
    [...other.parameters].map(({ values }) => values),
    before,
  );
});

test('a learning rate that diverges ends with advice and finite weights', async (t) => {
  const { train, parameters } = await fresh(t);
  const error = await t.throwsAsync(train({ recipe: { ...recipe, learningRate: 1e30, warmUp: 0, epochs: 20 } }), {
    code: 'TRAINING_DIVERGED',
  });
  t.regex(error?.message ?? '', /^step \d+ of 100: /);
  for (const { name, values } of parameters) t.true(values.every(Number.isFinite), name);
});

test('a loss far above that of guessing ends the run too, while all is finite', async (t) => {
  const { train } = await fresh(t);
  const error = await t.throwsAsync(train({ recipe: { ...recipe, learningRate: 3, warmUp: 0, epochs: 20 } }), {
    code: 'TRAINING_DIVERGED',
  });
  t.regex(error?.message ?? '', /^step \d+ of 100: the loss is [\d.]+(e\+\d+)?, and was to stay below [\d.]+$/);
});

test('what was best on eval rows is what a run ends with, and it ends early where nothing gets better', async (t) => {
  const { train, parameters } = await fresh(t);
  const bestPath = await place(t);
  const scores: { accuracy: number; step: number }[] = [];
  const evaluation = {
    examples: examplesOf(30, 2),
    bestPath,
    patience: 2,
    onEvaluated: (s: (typeof scores)[0]) => void scores.push(s),
  };
  const { best, done, steps } = await train({ recipe: { ...recipe, epochs: 40 }, evaluation });
  t.true(done < steps, 'long before its forty epochs');
  t.is(best?.accuracy, Math.max(...scores.map(({ accuracy }) => accuracy)));
  const run = new Backpropagation((await fresh(t)).shape, parameters, { threads: 1 });
  t.teardown(() => run.close());
  t.is(best?.accuracy, await accuracyOn(run, evaluation.examples, recipe));
});

test('a run that ended early has ended, however often it is taken up again', async (t) => {
  const path = await place(t);
  const state = { path, everySteps: 4, resume: true };
  const evaluation = { examples: examplesOf(30, 2), bestPath: `${path}.best`, patience: 2 };
  const runs = [];
  for (let round = 0; round < 3; round++) {
    const { train, parameters } = await fresh(t);
    runs.push({ ...(await train({ state, evaluation, recipe: { ...recipe, epochs: 40 } })), parameters });
  }
  const [first, ...later] = runs;
  t.true(first.done < first.steps);
  for (const { done, losses, best, parameters } of later) {
    t.is(done, first.done);
    t.deepEqual(losses, [], 'no further step');
    t.deepEqual(best, first.best);
    for (const { name, values } of first.parameters) t.deepEqual(parameters.of(name).values, values, name);
  }
});

test('texts of rare labels count more where that is wanted', (t) => {
  const rare = [...examplesOf(3), ...Array.from({ length: 6 }, () => ({ ids: [2, 3], label: 0 }))];
  t.deepEqual([...labelWeights(rare, LABELS, 'none')], [1, 1, 1]);
  const [often, seldom] = labelWeights(rare, LABELS, 'full');
  t.true(Math.abs(seldom / often - 7) < 1e-5);
  const [common, uncommon] = labelWeights(rare, LABELS, 'root');
  t.true(Math.abs(uncommon / common - Math.sqrt(7)) < 1e-5);
  t.true(Math.abs((7 * common + 2 * uncommon) / 9 - 1) < 1e-6, 'a text counts 1 on average');
});

test('a disk that is full at a checkpoint ends the run, and the state before stays whole', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-full-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=450k', 'snug-test', folder]);
  if (status !== 0) {
    await rm(folder, { recursive: true });
    t.log('no tmpfs can be mounted here (that needs root): a full disk is not tested');
    t.pass();
    return;
  }
  t.teardown(async () => {
    spawnSync('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  });
  // One state has room there, two have not: the second can't be written beside the first.
  const state = { path: join(folder, 'state'), everySteps: 4, resume: true };
  const whole = await fresh(t);
  const { losses } = await whole.train();
  const run = await fresh(t);
  await t.throwsAsync(run.train({ state }), { code: 'DISK_FULL' });
  const again = await fresh(t);
  const kept = join(await mkdtemp(join(tmpdir(), 'snug-kept-')), 'state');
  await copyFile(state.path, kept);
  const { losses: rest } = await again.train({ state: { ...state, path: kept } });
  t.deepEqual(rest, losses.slice(4));
});
