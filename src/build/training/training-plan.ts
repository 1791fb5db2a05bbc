/** How training will go: the steps of every phase, the memory, and how long it will take, by a few steps that are measured and thrown away. */
import { SnugError } from '../../errors/index.js';
import { type EncoderShape, shapeOf } from '../../model/index.js';
import { defaultDistilRecipe, defaultRecipe, distil, fineTune, Parameters } from '../../train/index.js';
import type { Workshop } from '../build.js';
import { sampled } from '../calibration-texts.js';
import { type MemoryNeeds, type MemoryPlan, planMemory } from './memory-plan.js';
import { linearPooling } from './pooling.js';
import { ownCount, slicePlan } from './sliced.js';
import type { TrainingRows } from './train-encoder.js';

/** Times that every text is learnt from by the slices. */
const SLICE_EPOCHS = 12;
/** The first steps make sessions and arrays. */
const WARM_UP = 2;
const MEASURED = 6;
/** How much longer a step takes under corrections than that of plain cuts, which is measured. */
const CORRECTED = 1.15;
/** Share of the time that fine-tuning may take where the time is limited. */
const FINE_TUNING_SHARE = 0.4;

export interface Seconds {
  readonly fineTuning: number;
  readonly slices: number;
  /** Ordering, heads, and measuring of all profiles. */
  readonly rest: number;
}

/** What measuring needs: no place on disk. */
export type Bench = Pick<Workshop, 'options' | 'checkpoint' | 'tokenizer'>;

export interface TrainingPlan {
  readonly memory: MemoryPlan;
  readonly epochs: number;
  readonly sliceSteps: number;
  /** Where they were measured. */
  readonly seconds?: Seconds;
}

/**
 * Measures only where the time is asked for, or is what decides.
 * @throws TRAINING_MEMORY
 */
export async function planTraining(
  workshop: Bench,
  rows: TrainingRows,
  labels: number,
  measure: boolean,
): Promise<TrainingPlan> {
  const { options, checkpoint } = workshop;
  const {
    memory: allowed,
    hours,
    epochs: wanted = defaultRecipe.epochs,
    sliceEpochs = SLICE_EPOCHS,
  } = options.training ?? {};
  // Without labelled rows there is nothing to fine-tune on.
  const epochs = rows.train.length > 0 ? wanted : 0;
  const shape = shapeOf(checkpoint);
  const memory = planMemory(needsOf(workshop, rows, labels), allowed);
  const texts = rows.train.length + rows.unlabelled.length;
  const sliceSteps = Math.ceil((sliceEpochs * texts) / defaultDistilRecipe.textsPerStep);
  if (!measure && hours === undefined) return { memory, epochs, sliceSteps };

  const speed = await measureSteps(workshop, shape, rows, labels, memory);
  const perEpoch = speed.fineTuningStep * Math.ceil(rows.train.length / defaultRecipe.textsPerStep) + speed.evaluation;
  const rest = restSeconds(rows, speed);
  const chosen = { epochs, sliceSteps };
  if (hours !== undefined) {
    const left = 3600 * hours - rest;
    chosen.epochs = Math.min(epochs, Math.max(1, Math.floor((FINE_TUNING_SHARE * left) / Math.max(perEpoch, 1e-9))));
    const most = options.training?.sliceEpochs === undefined ? Number.POSITIVE_INFINITY : sliceSteps;
    chosen.sliceSteps = Math.min(most, Math.max(1, Math.floor((left - chosen.epochs * perEpoch) / speed.sliceStep)));
  }
  const seconds = {
    fineTuning: chosen.epochs * perEpoch,
    slices: chosen.sliceSteps * speed.sliceStep,
    rest,
  };
  const least = (seconds.fineTuning + seconds.slices + rest) / 3600;
  if (hours !== undefined && least > 1.1 * hours)
    options.onWarning?.(`--hours ${hours}: it will take about ${least.toFixed(2)}, with as few steps as there can be`);
  return { memory, ...chosen, seconds };
}

/**
 * The memory of a build that goes on may have changed; what runs at once may not while a phase is under way, for its chance depends on it.
 * @throws TRAINING_MEMORY
 */
export async function memoryNow(
  workshop: Workshop,
  rows: TrainingRows,
  labels: number,
  { memory }: TrainingPlan,
): Promise<MemoryPlan> {
  const { place, options } = workshop;
  const { tokenBudget } = memory;
  if (await place.has('distilled.safetensors')) return memory; // nothing is left to train
  const needs = needsOf(workshop, rows, labels);
  const allowed = options.training?.memory;
  const isUnderWay = async (state: string, result: string) => (await place.has(state)) && !(await place.has(result));
  try {
    return planMemory(needs, allowed, [tokenBudget]);
  } catch (error) {
    const bound =
      (await isUnderWay('fine-tuning.state', 'fine-tuned.safetensors')) ||
      (await isUnderWay('slices.state', 'distilled.safetensors'));
    if (!bound) return planMemory(needs, allowed);
    if (!(error instanceof SnugError)) throw error;
    throw new SnugError(error.code, `${error.message}; what was begun runs ${tokenBudget} tokens at once`, {
      cause: error,
      remedy: 'Allow more memory, or begin anew with less: without --resume, and with another folder for --training.',
    });
  }
}

function needsOf({ checkpoint }: Bench, rows: TrainingRows, labels: number): MemoryNeeds {
  const shape = shapeOf(checkpoint);
  const texts = [...rows.train, ...rows.unlabelled, ...rows.evaluation];
  const longest = texts.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const { tensors } = checkpoint;
  const count = (name: string) => tensors.shape(name).reduce((product, size) => product * size, 1);
  const parameters = tensors.names.reduce((sum, name) => sum + count(name), labels * (shape.hiddenSize + 1));
  const ownParameters = ownCount(checkpoint.config, labels);
  return { shape, parameters, ownParameters, longest, stepTokens: defaultRecipe.textsPerStep * longest };
}

interface Speed {
  readonly fineTuningStep: number;
  readonly sliceStep: number;
  /** Of the eval rows by the whole network, in batches. */
  readonly evaluation: number;
}

async function measureSteps(
  { options, checkpoint }: Bench,
  shape: EncoderShape,
  { train, evaluation, unlabelled }: TrainingRows,
  labels: number,
  { tokenBudget, recompute }: MemoryPlan,
): Promise<Speed> {
  const pooling = linearPooling(checkpoint);
  const { threads, seed, onProgress } = options;
  const steps = WARM_UP + MEASURED;
  const examples = sampled([...train, ...unlabelled], steps * defaultRecipe.textsPerStep, seed);
  const times: number[] = [];
  const onStep = ({ step }: { step: number }) => {
    times.push(performance.now());
    onProgress('measuring how long training takes', step, steps);
  };
  /** Seconds of a step, from the times after the steps since `from`. */
  const pace = (from: number) => {
    const measured = times.slice(from + WARM_UP - 1);
    return (measured[measured.length - 1] - measured[0]) / 1000 / Math.max(1, measured.length - 1);
  };
  const read = () =>
    train.length > 0
      ? Parameters.withNewHead(checkpoint.tensors, shape, labels)
      : Parameters.read(checkpoint.tensors, shape, labels);
  const parameters = await read();
  if (train.length > 0) {
    const perEpoch = Math.ceil(examples.length / defaultRecipe.textsPerStep);
    const recipe = { ...defaultRecipe, epochs: Math.ceil(steps / perEpoch), tokenBudget, pooling };
    // What texts are labelled makes no difference to time.
    const labelled = examples.map(({ ids, label = 0 }) => ({ ids, label }));
    await fineTune(shape, parameters, labelled, { recipe, threads, recompute, onStep });
  }
  const tuned = times.length > 0 ? pace(0) : undefined;
  const teacher = await read();
  const slicesFrom = times.length;
  await distil(shape, parameters, teacher, examples, {
    recipe: { ...defaultDistilRecipe, steps, tokenBudget, pooling },
    plan: slicePlan(checkpoint.config),
    threads,
    recompute,
    onStep,
  });
  const sliceStep = CORRECTED * pace(slicesFrom);
  // Where nothing is fine-tuned, a step of slices is the nearest to one that was measured.
  const fineTuningStep = tuned ?? sliceStep;
  // Forward alone is about a third of a step.
  const perText = fineTuningStep / 3 / defaultRecipe.textsPerStep;
  return { fineTuningStep, sliceStep, evaluation: perText * evaluation.length };
}

/** Vectors of all rows by four widths, and every profile asked one eval row at a time: a fifth of the whole network's time on average. */
function restSeconds({ train, evaluation }: TrainingRows, { fineTuningStep }: Speed): number {
  const perText = fineTuningStep / 3 / defaultRecipe.textsPerStep;
  const vectors = 2.5 * perText * (train.length + evaluation.length);
  const profiles = 50 * (3 + 0.2 * 2.5 * perText * evaluation.length);
  return vectors + profiles + 30;
}
