/** The phases of training in their order; each leaves a file in the build's folder, and is not run again once it is there. */
import { SafetensorsFile, type TensorSource } from '../../checkpoint/index.js';
import type { Balance, Example } from '../../train/index.js';
import type { Workshop } from '../build.js';
import type { TrainingData } from '../training-data.js';
import { distilled } from './distilled.js';
import { fineTuned } from './fine-tuned.js';

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
  const whole = await fineTuned(workshop, rows, data.labels.length);
  const { path, channels } = await distilled(workshop, whole, rows, data.labels.length);
  const source = await SafetensorsFile.open(path);
  return { source, channels, close: () => source.close() };
}

function rowsOf({ tokenizer, options }: Workshop, data: TrainingData, unlabelled: readonly string[]): TrainingRows {
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
