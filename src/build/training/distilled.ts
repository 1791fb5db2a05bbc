/** Second phase: what is worth keeping comes first, then all slices learn from the whole network. */
import { orderNetwork } from '../../calibrate/index.js';
import { type Checkpoint, SafetensorsFile } from '../../checkpoint/index.js';
import { type Arrangement, arranged } from '../../compress/arrange.js';
import { shapeOf } from '../../model/index.js';
import {
  type DistilRecipe,
  defaultDistilRecipe,
  distil,
  type NestedSlice,
  Parameters,
  type SlicePlan,
  writeWeights,
} from '../../train/index.js';
import type { Workshop } from '../build.js';
import { calibrationOf } from '../calibration.js';
import { sampled } from '../calibration-texts.js';
import { type FoundShape, type Search, searchShapes } from '../search/index.js';
import { mixedSlice } from '../search/mixed-slices.js';
import { curveOf } from './curve.js';
import { linearPooling } from './pooling.js';
import { RunReport } from './run-report.js';
import { addOwn, FOUND_SHARE, slicePlan } from './sliced.js';
import { StoredCorrections, writeCorrections } from './stored-corrections.js';
import type { TrainingRows } from './train-encoder.js';
import type { TrainingPlan } from './training-plan.js';

const STATE_EVERY = 200;
/** Times that slices are held against eval rows on the way, and how many rows at most: fewer would let chance choose. */
const CHECKS = 8;
const CHECK_ROWS = 4000;
/** Slices whose mean accuracy says which weights are the best. */
const CHECKED = ['w1.00-p0.00', 'w0.75-p0.25', 'w0.50-p0.25', 'w0.50-p0.50'];

/** Tokens over which corrections are fitted that the slices are then trained under. */
const CORRECTION_TOKENS = 16_384;

export interface Distilled {
  /** The trained master: arranged, with what slices have of their own. */
  readonly path: string;
  /** Under which it was trained. */
  readonly correctionsPath: string;
  readonly corrections: StoredCorrections;
  readonly channels: readonly number[];
  /** What the search over layers found before; it was trained too. */
  readonly search: Search;
}

export async function distilled(
  workshop: Workshop,
  fineTunedPath: string,
  rows: TrainingRows,
  labels: number,
  training: TrainingPlan,
): Promise<Distilled> {
  const { place, checkpoint, options } = workshop;
  const arrangement = await place.step('arrangement', () =>
    withSource(fineTunedPath, (source) => orderNetwork({ ...calibrationOf(workshop, rows.texts), source })),
  );
  const correctionsPath = await place.file('corrections.safetensors', (unfinished) =>
    withSource(fineTunedPath, (file) => {
      const calibration = calibrationOf(workshop, rows.texts);
      const some = upTo(calibration.rows, CORRECTION_TOKENS);
      const source = arranged(file, arrangement);
      return writeCorrections(unfinished, { ...calibration, rows: some, source });
    }),
  );
  const corrections = await StoredCorrections.open(correctionsPath, checkpoint.config);
  const start = async () => {
    const both = await startOf(checkpoint, fineTunedPath, arrangement, labels);
    addOwn(both.parameters, corrections, checkpoint.config);
    return both;
  };
  const search = await place.step('search', async () =>
    searchShapes(workshop, (await start()).parameters, corrections, rows),
  );
  const path = await place.file('distilled.safetensors', async (unfinished) => {
    const { parameters, teacher } = await start();
    const plan = withFound(slicePlan(checkpoint.config, corrections), search.found, (found) =>
      mixedSlice(parameters, found, checkpoint.config, corrections, FOUND_SHARE),
    );
    const examples = [...rows.train, ...rows.unlabelled];
    const recipe = recipeOf(workshop, training);
    const report = new RunReport('training slices', options, curveOf(place, 'training slices'));
    await distil(shapeOf(checkpoint), parameters, teacher, examples, {
      recipe,
      plan,
      threads: options.threads,
      recompute: training.memory.recompute,
      state: { path: place.path('slices.state'), everySteps: STATE_EVERY, resume: true },
      evaluation: {
        examples: sampled(rows.evaluation, CHECK_ROWS, options.seed),
        slices: slicesCalled(plan, CHECKED),
        everySteps: Math.ceil(recipe.steps / CHECKS),
        bestPath: place.path('slices.best'),
        onEvaluated: ({ step, accuracy }, each) =>
          report.onEvaluated(
            step,
            accuracy,
            ` (${[...each].map(([name, right]) => `${name} ${(100 * right).toFixed(2)}`).join(', ')})`,
          ),
      },
      onStep: report.onStep,
      signal: report.signal,
    });
    report.throwIfStopped();
    await writeWeights(unfinished, parameters);
  });
  return { path, correctionsPath, corrections, channels: arrangement.channels, search };
}

const withFound = (plan: SlicePlan, found: readonly FoundShape[], sliceOf: (shape: FoundShape) => NestedSlice) => ({
  ...plan,
  others: [...plan.others, ...found.map(sliceOf)],
});

function upTo(rows: readonly (readonly number[])[], tokens: number): (readonly number[])[] {
  let left = tokens;
  return rows.filter(({ length }, at) => {
    left -= length;
    return at === 0 || left >= 0;
  });
}

/** The master before the first step, and the teacher: the fine-tuned network in the same order. */
export async function startOf(
  checkpoint: Checkpoint,
  fineTunedPath: string,
  arrangement: Arrangement,
  labels: number,
): Promise<Record<'parameters' | 'teacher', Parameters>> {
  return withSource(fineTunedPath, async (file) => {
    const source = arranged(file, arrangement);
    const shape = shapeOf(checkpoint);
    const parameters = await Parameters.read(source, shape, labels);
    const teacher = await Parameters.read(source, shape, labels);
    return { parameters, teacher };
  });
}

function recipeOf({ checkpoint, options }: Workshop, { sliceSteps, memory }: TrainingPlan): DistilRecipe {
  const { balance = 'none' } = options.training ?? {};
  const pooling = linearPooling(checkpoint);
  const { tokenBudget } = memory;
  return { ...defaultDistilRecipe, steps: sliceSteps, tokenBudget, balance, pooling, seed: options.seed };
}

const slicesCalled = ({ whole, regular, others }: SlicePlan, names: readonly string[]): NestedSlice[] =>
  [whole, ...regular, ...others].filter(({ name }) => names.includes(name));

async function withSource<Result>(path: string, use: (source: SafetensorsFile) => Promise<Result>): Promise<Result> {
  const file = await SafetensorsFile.open(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
