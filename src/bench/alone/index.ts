/**
 * `snug bench alone`: a nested slice beside the same shape that had every step for itself, begun from the same weights under the same
 * corrections, at the learning rate that is best on eval rows. Takes what a build with `--training` left; goes on where it was stopped.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOf } from '../../build/training/distilled.js';
import { linearPooling } from '../../build/training/pooling.js';
import { addOwn, slicePlan } from '../../build/training/sliced.js';
import { StoredCorrections } from '../../build/training/stored-corrections.js';
import type { TrainingPlan } from '../../build/training/training-plan.js';
import { readTrainingData, type TrainingData } from '../../build/training-data.js';
import { readStep, Workplace } from '../../build/workplace.js';
import { sha256OfBytes, sha256OfFile } from '../../bundle/index.js';
import { nameOf, type Shape } from '../../calibrate/index.js';
import { type Checkpoint, openCheckpoint, SafetensorsFile } from '../../checkpoint/index.js';
import type { Arrangement } from '../../compress/arrange.js';
import { makeFolder } from '../../files/index.js';
import { loadCheckpointTokenizer } from '../../infer/checkpoint-tokenizer.js';
import { shapeOf } from '../../model/index.js';
import { modelTokenizer } from '../../tokenizer/model-tokenizer.js';
import {
  accuracyOn,
  Backpropagation,
  defaultDistilRecipe,
  distil,
  type Example,
  type NestedSlice,
  Parameters,
} from '../../train/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { type BenchRow, type RowShape, unmeasured, valueRow } from '../row.js';
import { type LabelledText, noneLabel, readClinc150, toTsv } from '../texts.js';

const SHAPE: Shape = { width: 0.5, prune: 0.25 };
const RATES = [1e-4, 2e-4, 4e-4];
const FINE_TUNED = 'fine-tuned.safetensors';
const CORRECTIONS = 'corrections.safetensors';
const LEARNT = 'distilled.safetensors';
const CHECKS = 8;
const STATE_EVERY = 200;
const THREADS = 2;

const shape: RowShape = {
  id: 'alone',
  what: `${nameOf(SHAPE)} nested among the others, fp32: what it lacks on CLINC150's test rows in scope, refusal off, of the same shape trained alone`,
  unit: 'points',
  bar: '<=0.5',
};

export const aloneBenchmark: Benchmark = {
  name: 'alone',
  summary: 'a nested slice beside the same shape trained alone (--training: what a full build of CLINC150 left)',
  async run(options) {
    const { checkpoint, dataFolder, training } = options;
    if (checkpoint === undefined) return [unmeasured(shape, '--checkpoint is not given')];
    if (training === undefined) return [unmeasured(shape, '--training is not given')];
    if (!existsSync(join(training, LEARNT)))
      return [unmeasured(shape, `${training}: no build has come to its end there (${LEARNT} is missing)`)];
    if (dataFolder === undefined) return [unmeasured(shape, 'SNUG_DATA is not set')];
    const opened = await openCheckpoint(checkpoint);
    try {
      return [await compare(options, opened, training, readClinc150(dataFolder))];
    } finally {
      await opened.close();
    }
  },
};

interface Learnt {
  readonly evaluation: number;
  readonly test: number;
}

async function compare(
  { cacheFolder, say }: BenchOptions,
  checkpoint: Checkpoint,
  training: string,
  clinc: ReturnType<typeof readClinc150>,
): Promise<BenchRow> {
  const data = await labelled(clinc);
  const { sliceSteps } = await readStep<TrainingPlan>(training, 'training');
  const arrangement = await readStep<Arrangement>(training, 'arrangement');
  const corrections = await StoredCorrections.open(join(training, CORRECTIONS), checkpoint.config);
  const examplesOf = await exampleMaker(checkpoint, data.labels);
  const [train, evaluation, test] = [clinc.train, clinc.eval, clinc.test].map(examplesOf);
  const plan = slicePlan(checkpoint.config, corrections);
  const slice = [...plan.regular, ...plan.others].find(({ name }) => name === nameOf(SHAPE));
  if (!slice) throw new Error(`${nameOf(SHAPE)} is no slice`);
  const rightOf = async (parameters: Parameters): Promise<Learnt> => ({
    evaluation: await rightBy(checkpoint, parameters, slice, evaluation),
    test: await rightBy(checkpoint, parameters, slice, test),
  });

  await makeFolder(cacheFolder);
  // A notebook for each training: what was measured of another, or before it was done anew, says nothing here.
  const learntFiles = [FINE_TUNED, CORRECTIONS, LEARNT].map((name) => sha256OfFile(join(training, name)));
  const learnt = await Promise.all(learntFiles);
  const name = sha256OfBytes(Buffer.from(learnt.join())).slice(0, 12);
  const inputs = { training: learnt, steps: sliceSteps, data: data.labels };
  const notebook = await Workplace.notebook(join(cacheFolder, `alone-${name}`), inputs);
  const nested = await notebook.step('nested', async () =>
    rightOf(await trained(checkpoint, join(training, LEARNT), data.labels.length)),
  );
  say(`nested: ${percent(nested)}`);
  const alone: (Learnt & { rate: number })[] = [];
  for (const rate of RATES) {
    const learnt = await notebook.step(`alone-${rate}`, async () => {
      const { parameters, teacher } = await startOf(
        checkpoint,
        join(training, FINE_TUNED),
        arrangement,
        data.labels.length,
      );
      addOwn(parameters, corrections, checkpoint.config);
      await distil(shapeOf(checkpoint), parameters, teacher, train, {
        recipe: { ...defaultDistilRecipe, steps: sliceSteps, learningRate: rate, pooling: linearPooling(checkpoint) },
        plan: { whole: slice, wholeEvery: 0, regular: [slice], others: [] },
        threads: THREADS,
        state: { path: notebook.path(`alone-${rate}.state`), everySteps: STATE_EVERY, resume: true },
        evaluation: {
          examples: evaluation,
          slices: [slice],
          everySteps: Math.ceil(sliceSteps / CHECKS),
          bestPath: notebook.path(`alone-${rate}.best`),
          onEvaluated: ({ step, accuracy }) =>
            say(`rate ${rate}, step ${step} of ${sliceSteps}: ${(100 * accuracy).toFixed(2)} % of eval rows`),
        },
      });
      return rightOf(parameters);
    });
    say(`alone at ${rate}: ${percent(learnt)}`);
    alone.push({ ...learnt, rate });
  }
  const best = alone.toSorted((a, b) => b.evaluation - a.evaluation)[0];
  const note = `${sliceSteps} steps; nested ${percent(nested)}; alone at ${best.rate}, the best of ${RATES.join(', ')}: ${percent(best)}`;
  return valueRow(shape, 100 * (best.test - nested.test), note);
}

const percent = ({ evaluation, test }: Learnt) =>
  `${(100 * test).toFixed(2)} % of test rows, ${(100 * evaluation).toFixed(2)} % of eval rows`;

/** The labels in the order that a build gives them. */
async function labelled({ train, eval: evaluation }: ReturnType<typeof readClinc150>): Promise<TrainingData> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-alone-'));
  try {
    const [data, held] = [join(folder, 'train.tsv'), join(folder, 'eval.tsv')];
    await writeFile(data, toTsv(train));
    await writeFile(held, toTsv(evaluation));
    const read = await readTrainingData({ data, evaluation: held, none: noneLabel });
    if (!read) throw new Error('no rows');
    return read;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exampleMaker(checkpoint: Checkpoint, labels: readonly string[]) {
  const tokenizer = modelTokenizer(await loadCheckpointTokenizer(checkpoint), checkpoint.tokenizer.lowerCaseFirst);
  const numbers = new Map(labels.map((label, index) => [label, index]));
  return (rows: readonly LabelledText[]): Example[] =>
    rows
      .filter(([, label]) => label !== noneLabel)
      .map(([text, label]) => ({ ids: tokenizer.encode(text).ids, label: numbers.get(label) }));
}

async function trained(checkpoint: Checkpoint, path: string, labels: number): Promise<Parameters> {
  const file = await SafetensorsFile.open(path);
  try {
    return await Parameters.readWithOwn(file, shapeOf(checkpoint), labels);
  } finally {
    await file.close();
  }
}

async function rightBy(
  checkpoint: Checkpoint,
  parameters: Parameters,
  slice: NestedSlice,
  examples: readonly Example[],
): Promise<number> {
  const running = new Backpropagation(shapeOf(checkpoint), parameters, { threads: THREADS });
  try {
    const weights = running.slice(slice);
    await weights.refresh();
    const { tokenBudget } = defaultDistilRecipe;
    return await accuracyOn(running, examples, { tokenBudget, pooling: linearPooling(checkpoint), slice: weights });
  } finally {
    await running.close();
  }
}
