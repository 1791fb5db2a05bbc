/** What training reads: texts as token ids with the number of their label, and what is wanted of each. */
import { argmax } from '../infer/index.js';
import type { Backpropagation } from './backpropagation.js';
import { batchOf, type LinearPooling } from './batch.js';
import type { SliceWeights } from './slice.js';
import { withinBudget } from './steps.js';

export interface Example {
  readonly ids: readonly number[];
  /** Number of the label; undefined where nobody knows it. */
  readonly label: number | undefined;
}

/** How much a text counts by how rare its label is. */
export type Balance = 'none' | 'root' | 'full';

const POWERS: Readonly<Record<Balance, number>> = { none: 0, root: 0.5, full: 1 };

/**
 * Weight of each label's texts, 1 on average over the texts: `full` gives all labels the same weight together, `root` goes half
 * of the way there.
 */
export function labelWeights(examples: readonly Example[], labels: number, balance: Balance): Float32Array {
  const counts = new Float64Array(labels);
  for (const { label } of examples) if (label !== undefined) counts[label]++;
  const raw = counts.map((count) => (count > 0 ? count ** -POWERS[balance] : 0));
  const texts = counts.reduce((sum, count) => sum + count, 0);
  const mean = raw.reduce((sum, weight, label) => sum + weight * counts[label], 0) / Math.max(1, texts);
  return Float32Array.from(raw, (weight) => weight / (mean || 1));
}

/** [texts × labels]: what is wanted, smoothed (Szegedy et al., arXiv 1512.00567); zeros for a text without label. */
export function targetsOf(examples: readonly Example[], weights: Float32Array, smoothing: number): Float32Array {
  const labels = weights.length;
  const targets = new Float32Array(examples.length * labels);
  for (const [row, { label }] of examples.entries()) {
    if (label === undefined) continue;
    const at = row * labels;
    targets.fill((weights[label] * smoothing) / labels, at, at + labels);
    targets[at + label] += weights[label] * (1 - smoothing);
  }
  return targets;
}

interface Asking {
  readonly tokenBudget: number;
  readonly pooling: LinearPooling;
  readonly slice?: SliceWeights;
}

/** What a network or a slice says of each example. */
export async function logitsOn(
  run: Backpropagation,
  examples: readonly Example[],
  how: Asking,
): Promise<Float32Array[]> {
  const lengths = examples.map(({ ids }) => ids.length);
  const answers: Float32Array[] = [];
  for (const part of withinBudget([...examples.keys()], lengths, how.tokenBudget)) {
    const batch = batchOf(
      part.map((index) => examples[index].ids),
      undefined,
      how.pooling,
    );
    const logits = await run.logits(batch, how.slice);
    const labels = logits.length / part.length;
    for (const [row, index] of part.entries()) answers[index] = logits.subarray(row * labels, (row + 1) * labels);
  }
  return answers;
}

/** Share of the examples whose label has the largest logit. */
export async function accuracyOn(run: Backpropagation, examples: readonly Example[], how: Asking): Promise<number> {
  const answers = await logitsOn(run, examples, how);
  return (
    answers.filter((logits, index) => argmax(logits) === examples[index].label).length / Math.max(1, answers.length)
  );
}
