/** Nested distillation of a small network: its gradients are right, slices learn what the whole network knows, and it goes on after a kill. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type EncoderShape, shapeOf } from '../../src/model/index.js';
import {
  accuracyOn,
  Backpropagation,
  batchOf,
  type DistilOptions,
  type DistilRecipe,
  defaultDistilRecipe,
  defaultRecipe,
  distil,
  fineTune,
  type NestedSlice,
  Parameters,
  type Restoration,
  type SliceCorrections,
  type SlicePlan,
  type StandIn,
  seededRandom,
} from '../../src/train/index.js';
import { fixtures, opened } from '../checkpoint/support.js';
import { LABELS, randomRows, running } from './network.js';
import { examplesOf } from './tasks.js';

const examples = examplesOf(90);
const held = examplesOf(60, 2);

function sliceOf({ hiddenSize, layers }: EncoderShape, width: number, kept: number): NestedSlice {
  const cut = layers.map(({ heads, neurons }) => ({
    heads: Math.max(1, Math.round(heads * kept)),
    neurons: Math.round(neurons * kept),
  }));
  return { name: `${width} ${kept}`, channels: hiddenSize * width, layers: cut, share: 1 };
}

const planOf = (shape: EncoderShape): SlicePlan => ({
  whole: sliceOf(shape, 1, 1),
  wholeEvery: 3,
  regular: [sliceOf(shape, 0.5, 1)],
  others: [sliceOf(shape, 1, 0.5), sliceOf(shape, 0.75, 0.5)],
});

const recipe: DistilRecipe = {
  ...defaultDistilRecipe,
  steps: 60,
  textsPerStep: 15,
  tokenBudget: 90,
  learningRate: 3e-3,
};

/** A network that knows the task, twice. */
async function taught(t: ExecutionContext) {
  const checkpoint = await opened(t, `${fixtures}bert-mean`);
  const shape = shapeOf(checkpoint);
  const [parameters, teacher] = [
    await Parameters.read(checkpoint.tensors, shape, LABELS),
    await Parameters.read(checkpoint.tensors, shape, LABELS),
  ];
  const how = { ...defaultRecipe, epochs: 8, textsPerStep: 15, learningRate: 3e-3, headRate: 5 };
  await fineTune(shape, teacher, examples, { recipe: how, threads: 1 });
  for (const { name, values } of parameters) values.set(teacher.of(name).values);
  const train = async (more: Partial<DistilOptions> = {}) => {
    const losses: number[] = [];
    const onStep = ({ loss }: { loss: number }) => {
      losses.push(loss);
    };
    const options = { recipe, plan: planOf(shape), threads: 1, onStep, ...more };
    return { ...(await distil(shape, parameters, teacher, examples, options)), losses };
  };
  return { shape, parameters, teacher, train };
}

/** Corrections at random, as large as weights are. */
function randomCorrections({ hiddenSize, headSize }: EncoderShape, slice: NestedSlice): SliceCorrections {
  const random = seededRandom(12);
  const numbers = (count: number, size: number) => Float32Array.from({ length: count }, () => size * (random() - 0.5));
  const restorations = new Map<string, Restoration>();
  const standIns = new Map<string, StandIn>();
  for (const [index, { heads, neurons }] of slice.layers.entries()) {
    const at = (part: string) => `encoder.layer.${index}.${part}`;
    for (const part of ['attention.self.query', 'attention.self.key', 'attention.self.value', 'intermediate.dense'])
      restorations.set(at(part), { map: numbers(hiddenSize * slice.channels, 0.5), bias: numbers(hiddenSize, 0.5) });
    for (const [part, units] of [
      ['attention.output.dense', heads * headSize],
      ['output.dense', neurons],
    ] as const)
      standIns.set(at(part), { weight: numbers(hiddenSize * units, 0.2), bias: numbers(hiddenSize, 0.2) });
  }
  return { restoration: (dense) => restorations.get(dense), standIn: (dense) => standIns.get(dense) };
}

for (const isCorrected of [false, true])
  test(`${isCorrected ? 'corrected slices' : 'slices'}: hidden states that are off a teacher’s have the gradient that differences show`, async (t) => {
    const checkpoint = await opened(t, `${fixtures}bert-mean`);
    const shape = shapeOf(checkpoint);
    const { parameters, run } = await running(t, shape, checkpoint.tensors);
    const plain = sliceOf(shape, 0.5, 0.5);
    const slice = isCorrected ? { ...plain, corrections: randomCorrections(shape, plain) } : plain;
    const weights = run.slice(slice);
    const random = seededRandom(4);
    const batch = batchOf(randomRows(random, [5, 2, 4], shape.vocabSize));
    const states = Array.from({ length: shape.layers.length + 1 }, () =>
      Float32Array.from({ length: batch.texts * batch.tokens * shape.hiddenSize }, () => random() - 0.5),
    );
    const wanted = {
      targets: new Float32Array(batch.texts * LABELS),
      hardWeight: 0,
      hidden: { states, channels: shape.hiddenSize, weight: 1 / 11 },
    };
    const lossAt = async () => {
      await weights.refresh();
      parameters.clearGradients();
      return (await run.run(batch, wanted, { slice: weights })).loss;
    };
    await lossAt();
    const names = [
      'attention.self.query.weight',
      'attention.output.dense.weight',
      'intermediate.dense.weight',
      'intermediate.dense.bias',
    ]
      .map((part) => `encoder.layer.0.${part}`)
      .concat('embeddings.word_embeddings.weight', 'encoder.layer.1.output.dense.bias');
    for (const name of names) {
      await lossAt();
      const { values } = parameters.of(name);
      const gradient = parameters.gradientOf(name).slice();
      const size = Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0));
      const before = values.slice();
      const moved = async (by: number) => {
        for (let i = 0; i < values.length; i++) values[i] = before[i] + (by * gradient[i]) / size;
        return lossAt();
      };
      const step = 1e-2;
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      values.set(before);
      t.true(Math.abs(slope / size - 1) < 0.02, `${name}: ${slope}, ${size}`);
    }
  });

test('slices learn what the whole network knows, and it keeps it', async (t) => {
  const { shape, parameters, train } = await taught(t);
  const run = new Backpropagation(shape, parameters, { threads: 1 });
  t.teardown(() => run.close());
  const slices = [planOf(shape).whole, ...planOf(shape).regular, ...planOf(shape).others];
  const accuracies = async () => {
    const all: number[] = [];
    for (const slice of slices)
      all.push(await accuracyOn(run, held, { tokenBudget: 500, pooling: 'mean', slice: run.slice(slice) }));
    return all;
  };
  const before = await accuracies();
  const { losses, done } = await train();
  t.is(done, recipe.steps);
  const after = await accuracies();
  t.true(after[0] >= 0.9, `${before} → ${after}`);
  t.true(after[1] >= 0.9 && after[1] > before[1], `${before} → ${after}`);
  t.true(losses[losses.length - 1] < losses[1], `${losses}`);
});

test('a run that was killed goes on to the same losses; the teacher stays as it was', async (t) => {
  const whole = await taught(t);
  const was = whole.teacher.of('encoder.layer.0.output.dense.weight').values.slice();
  const { losses } = await whole.train({ recipe: { ...recipe, steps: 12 } });
  t.deepEqual(whole.teacher.of('encoder.layer.0.output.dense.weight').values, was);

  const folder = await mkdtemp(join(tmpdir(), 'snug-distil-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const state = { path: join(folder, 'state'), everySteps: 5, resume: true };
  const killed = await taught(t);
  const dies = ({ step }: { step: number }) => {
    if (step === 8) throw new Error('killed');
  };
  await t.throwsAsync(killed.train({ recipe: { ...recipe, steps: 12 }, state, onStep: dies }), { message: 'killed' });
  const again = await taught(t);
  const rest = await again.train({ recipe: { ...recipe, steps: 12 }, state });
  t.deepEqual(rest.losses, losses.slice(5));
  t.deepEqual([...again.parameters], [...whole.parameters]);
});

test('texts without labels are learnt from too', async (t) => {
  const { shape, parameters, teacher } = await taught(t);
  const unlabelled = examples.map(({ ids }) => ({ ids, label: undefined }));
  const options = { recipe, plan: planOf(shape), threads: 1 };
  await distil(shape, parameters, teacher, unlabelled, options);
  const run = new Backpropagation(shape, parameters, { threads: 1 });
  t.teardown(() => run.close());
  const slice = run.slice(planOf(shape).regular[0]);
  const accuracy = await accuracyOn(run, held, { tokenBudget: 500, pooling: 'mean', slice });
  t.true(accuracy >= 0.85, `${accuracy}`);
});
