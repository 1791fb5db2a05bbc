/** The phases of training in their order; each leaves a file in the build's folder, and is not run again once it is there. */

import { Master, type MasterTensor } from '../../bundle/making.js';
import { SafetensorsFile, type TensorSource } from '../../checkpoint/index.js';
import type { Balance, Example } from '../../train/index.js';
import type { Workshop } from '../build.js';
import { type FoundShape, worthKeeping } from '../search/index.js';
import type { TrainingData } from '../training-data.js';
import { distilled } from './distilled.js';
import { fineTuned } from './fine-tuned.js';
import { ownRows, ownWeights, teachingLabels } from './own-answers.js';
import { correctionTensors } from './stored-corrections.js';
import { type Bench, memoryNow, planTraining, type TrainingPlan } from './training-plan.js';

/** What a person may choose about training. */
export interface TrainingChoices {
  /** How much texts of rare labels count. */
  readonly balance?: Balance;
  readonly learningRate?: number;
  readonly epochs?: number;
  /** Times that slices learn from every text. */
  readonly sliceEpochs?: number;
  /** For all of it; undefined gives every phase the steps that its recipe has. */
  readonly hours?: number;
  /** Bytes that training may take. */
  readonly memory?: number;
  /** Folder in which what was learnt stays, and from which it is taken: other bundles store the same otherwise. */
  readonly folder?: string;
}

/** What training hands to the cut. */
export interface Trained {
  /** The master in its order, and what every slice has of its own under names that begin with `SHAPE/`. */
  readonly source: TensorSource;
  /** The checkpoint's number of each channel. */
  readonly channels: readonly number[];
  /** Maps and stand-ins under which the slices were trained. */
  readonly corrections: readonly MasterTensor[];
  /** Shapes that a search over layers added. */
  readonly found: readonly FoundShape[];
  close(): Promise<void>;
}

export interface TrainingRows {
  readonly train: readonly Example[];
  readonly evaluation: readonly Example[];
  readonly unlabelled: readonly Example[];
  /** All that may be learnt from. */
  readonly texts: readonly string[];
}

/** @param data without it, the checkpoint's own head teaches on texts without labels */
export async function trainEncoder(
  workshop: Workshop,
  data: TrainingData | undefined,
  unlabelled: readonly string[],
): Promise<Trained> {
  const rows = await rowsOf(workshop, data, unlabelled);
  const labels = (data?.labels ?? teachingLabels(workshop)).length;
  const planned = await workshop.place.step('training', () => planTraining(workshop, rows, labels, false));
  const plan = { ...planned, memory: await memoryNow(workshop, rows, labels, planned) };
  workshop.options.onNote?.(describePlan(plan));
  const whole = data ? await fineTuned(workshop, rows, labels, plan) : await ownWeights(workshop, labels);
  const learnt = await distilled(workshop, whole, rows, labels, plan);
  const { path, correctionsPath, channels, search } = learnt;
  const found = await workshop.place.step('found', () => worthKeeping(workshop, learnt, search.found, rows, labels));
  workshop.options.onNote?.(
    `search: ${search.evaluated} allocations evaluated, rank correlation of the proxy ${search.rankCorrelation.toFixed(2)}, ` +
      `${search.rankCorrelationAtCost.toFixed(2)} among those of one cost; ` +
      `${search.found.length} beat the uniform ones of their cost before training, ${found.length} after it: ${found.map(({ name }) => name).join(', ') || 'none'}`,
  );
  const source = await SafetensorsFile.open(path);
  const corrections = await Master.open(correctionsPath);
  const tensors = correctionTensors(corrections, workshop.checkpoint.config.layers, workshop.options.store);
  const close = async () => {
    await source.close();
    await corrections.close();
  };
  return { source, channels, found, corrections: tensors, close };
}

/** What `--dry-run` tells: how long training would take, and what it would need. */
export async function planOnly(
  workshop: Bench,
  data: TrainingData | undefined,
  unlabelled: readonly string[],
): Promise<TrainingPlan> {
  const labels = (data?.labels ?? teachingLabels(workshop)).length;
  return planTraining(workshop, await rowsOf(workshop, data, unlabelled), labels, true);
}

export function describePlan({ epochs, sliceSteps, memory, seconds }: TrainingPlan): string {
  const { tokenBudget, recompute, bytes } = memory;
  const room = `${(bytes / 1e9).toFixed(1)} GB of memory, ${tokenBudget} tokens at once${recompute ? ', layers run twice' : ''}`;
  const minutes = (value: number) => Math.ceil(value / 60);
  const steps = `${epochs} epochs of fine-tuning, ${sliceSteps} steps of training slices`;
  if (!seconds) return `training: ${steps}; ${room}`;
  const { fineTuning, slices, rest } = seconds;
  const parts = [fineTuning, slices, rest].map(minutes);
  const whole = parts.reduce((sum, part) => sum + part);
  const times = `${parts[0]} min, ${parts[1]} min, and ${parts[2]} min for the rest`;
  return `training: ${steps}; about ${whole} min (${times}); ${room}`;
}

async function rowsOf(
  workshop: Bench,
  data: TrainingData | undefined,
  unlabelled: readonly string[],
): Promise<TrainingRows> {
  const { tokenizer, options } = workshop;
  const numbers = new Map((data?.labels ?? teachingLabels(workshop)).map((label, index) => [label, index]));
  let cut = 0;
  const example = (text: string, label?: string): Example => {
    const { ids, truncated } = tokenizer.encode(text);
    if (truncated) cut++;
    return { ids, label: label === undefined ? undefined : numbers.get(label) };
  };
  const tellOfCuts = () => {
    if (cut > 0)
      options.onWarning?.(`texts with more than ${tokenizer.maxTokens} tokens: ${cut}; what comes after is not read`);
  };
  const without = unlabelled.map((text) => example(text));
  if (!data) {
    tellOfCuts();
    const { learnt, held } = await ownRows(workshop, without);
    const isLearnt = new Set(learnt);
    const texts = unlabelled.filter((_, at) => isLearnt.has(without[at]));
    return { train: [], evaluation: held, unlabelled: learnt, texts };
  }
  const rows = {
    train: data.rows.map(({ text, label }) => example(text, label)),
    evaluation: data.evalRows
      .filter(({ label }) => label !== options.none)
      .map(({ text, label }) => example(text, label)),
    unlabelled: without,
    texts: [...data.rows.map(({ text }) => text), ...unlabelled],
  };
  tellOfCuts();
  return rows;
}
