/** The phases of training in their order; each leaves a file in the build's folder, and is not run again once it is there. */
import { SafetensorsFile, type TensorSource } from '../../checkpoint/index.js';
import type { Balance, Example } from '../../train/index.js';
import type { Workshop } from '../build.js';
import type { TrainingData } from '../training-data.js';
import { distilled } from './distilled.js';
import { fineTuned } from './fine-tuned.js';
import { type Bench, planTraining, type TrainingPlan } from './training-plan.js';

/** What a person may choose about training. */
export interface TrainingChoices {
  /** How much texts of rare labels count. */
  readonly balance?: Balance;
  readonly learningRate?: number;
  readonly epochs?: number;
  /** For all of it; undefined gives every phase the steps that its recipe has. */
  readonly hours?: number;
  /** Bytes that training may take. */
  readonly memory?: number;
}

/** What training hands to the cut. */
export interface Trained {
  /** The master in its order, and what every slice has of its own under names that begin with `SHAPE/`. */
  readonly source: TensorSource;
  /** The checkpoint's number of each channel. */
  readonly channels: readonly number[];
  close(): Promise<void>;
}

export interface TrainingRows {
  readonly train: readonly Example[];
  readonly evaluation: readonly Example[];
  readonly unlabelled: readonly Example[];
  /** All that may be learnt from. */
  readonly texts: readonly string[];
}

export async function trainEncoder(
  workshop: Workshop,
  data: TrainingData,
  unlabelled: readonly string[],
): Promise<Trained> {
  const rows = rowsOf(workshop, data, unlabelled);
  const labels = data.labels.length;
  const plan = await workshop.place.step('training', () => planTraining(workshop, rows, labels, false));
  workshop.options.onNote?.(describePlan(plan));
  const whole = await fineTuned(workshop, rows, labels, plan);
  const { path, channels } = await distilled(workshop, whole, rows, labels, plan);
  const source = await SafetensorsFile.open(path);
  return { source, channels, close: () => source.close() };
}

/** What `--dry-run` tells: how long training would take, and what it would need. */
export function planOnly(workshop: Bench, data: TrainingData, unlabelled: readonly string[]): Promise<TrainingPlan> {
  return planTraining(workshop, rowsOf(workshop, data, unlabelled), data.labels.length, true);
}

export function describePlan({ epochs, sliceSteps, memory, seconds }: TrainingPlan): string {
  const { tokenBudget, recompute, bytes } = memory;
  const room = `${(bytes / 1e9).toFixed(1)} GB of memory, ${tokenBudget} tokens at once${recompute ? ', layers run twice' : ''}`;
  const minutes = (value: number) => `${Math.ceil(value / 60)} min`;
  const steps = `${epochs} epochs of fine-tuning, ${sliceSteps} steps of training slices`;
  if (!seconds) return `training: ${steps}; ${room}`;
  const { fineTuning, slices, rest } = seconds;
  const times = `${minutes(fineTuning)}, ${minutes(slices)}, and ${minutes(rest)} for the rest`;
  return `training: ${steps}; about ${minutes(fineTuning + slices + rest)} (${times}); ${room}`;
}

function rowsOf({ tokenizer, options }: Bench, data: TrainingData, unlabelled: readonly string[]): TrainingRows {
  const numbers = new Map(data.labels.map((label, index) => [label, index]));
  const example = (text: string, label?: string): Example => ({
    ids: tokenizer.encode(text).ids,
    label: label === undefined ? undefined : numbers.get(label),
  });
  return {
    train: data.rows.map(({ text, label }) => example(text, label)),
    evaluation: data.evalRows
      .filter(({ label }) => label !== options.none)
      .map(({ text, label }) => example(text, label)),
    unlabelled: unlabelled.map((text) => example(text)),
    texts: [...data.rows.map(({ text }) => text), ...unlabelled],
  };
}
