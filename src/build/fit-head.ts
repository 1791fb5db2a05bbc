/** Fits the head on frozen vectors, its regularisation chosen on the eval rows. */

import type { MasterTensor } from '../bundle/making.js';
import { headTensors } from '../model/index.js';
import { type LinearHead, LogisticRegression, type Matrix, prototypesOf } from '../train/index.js';
import { tensorOf } from './encoder-master.js';

/** Tried from strong to weak, each starting where the last one ended. */
const INVERSE_REGULARISATIONS = [0.1, 0.3, 1, 3, 10, 30, 100];
const PROTOTYPES_PER_LABEL = 3;

export interface LabelledVectors {
  readonly vectors: Matrix;
  /** The label's number of every row. */
  readonly classes: readonly number[];
}

export interface FittedHead {
  readonly tensors: MasterTensor[];
  readonly prototypes: number;
  readonly inverseRegularisation: number;
}

/** @param evaluation in-scope eval rows */
export async function fitHead(
  training: LabelledVectors,
  evaluation: LabelledVectors,
  labels: number,
  options: { readonly seed: number; readonly threads: number; readonly onProgress: (detail: string) => void },
): Promise<FittedHead> {
  const { columns } = training.vectors;
  const regression = await LogisticRegression.open(training.vectors, training.classes, labels, options.threads);
  let best: { head: LinearHead; right: number; inverseRegularisation: number } | undefined;
  try {
    let start: LinearHead | undefined;
    for (const inverseRegularisation of INVERSE_REGULARISATIONS) {
      const onIteration = (iteration: number, loss: number) =>
        options.onProgress(`C = ${inverseRegularisation}, step ${iteration}, loss ${loss.toFixed(4)}`);
      const head = await regression.fit({ inverseRegularisation, start, onIteration });
      const right = countRight(head, evaluation, labels);
      // A tie goes to the stronger regularisation, which came first.
      if (!best || right > best.right) best = { head, right, inverseRegularisation };
      start = head;
    }
  } finally {
    await regression.close();
  }
  if (!best) throw new Error('no regularisation was tried');
  const prototypes = prototypesOf(training.vectors, training.classes, labels, PROTOTYPES_PER_LABEL, options.seed);
  const count = labels * PROTOTYPES_PER_LABEL;
  return {
    tensors: [
      tensorOf(headTensors.weight, [labels, columns], best.head.weight),
      tensorOf(headTensors.bias, [labels], best.head.bias),
      tensorOf(headTensors.prototypes, [count, columns], prototypes),
    ],
    prototypes: count,
    inverseRegularisation: best.inverseRegularisation,
  };
}

function countRight(head: LinearHead, { vectors, classes }: LabelledVectors, labels: number): number {
  const { values, columns } = vectors;
  let right = 0;
  for (const [row, label] of classes.entries()) {
    let best = 0;
    let largest = Number.NEGATIVE_INFINITY;
    for (let candidate = 0; candidate < labels; candidate++) {
      let logit = head.bias[candidate];
      for (let i = 0; i < columns; i++) logit += head.weight[candidate * columns + i] * values[row * columns + i];
      if (logit > largest) {
        largest = logit;
        best = candidate;
      }
    }
    if (best === label) right++;
  }
  return right;
}
