/** Fits a head on frozen vectors, its regularisation chosen on the eval rows. */
import { firstColumns } from '../compress/matrices.js';
import { countRight, type LinearHead, LogisticRegression, type Matrix } from '../train/index.js';

/** Tried from strong to weak, each starting where the last one ended. */
const INVERSE_REGULARISATIONS = [0.1, 0.3, 1, 3, 10, 30, 100];
export const PROTOTYPES_PER_LABEL = 3;

export interface LabelledVectors {
  readonly vectors: Matrix;
  /** The label's number of every row. */
  readonly classes: readonly number[];
}

export interface FittedHead extends LinearHead {
  readonly inverseRegularisation: number;
}

export interface HeadOptions {
  readonly threads: number;
  readonly onProgress: (detail: string) => void;
  /** The head of a like network, whose first channels are this one's: where the fit begins, and what is tried. */
  readonly nearTo?: FittedHead;
  /** What is wanted of each label, [rows, labels], instead of the training rows' classes. */
  readonly targets?: Float32Array;
}

/** @param evaluation in-scope eval rows */
export async function fitHead(
  training: LabelledVectors,
  evaluation: LabelledVectors,
  labels: number,
  { threads, onProgress, nearTo, targets }: HeadOptions,
): Promise<FittedHead> {
  // A slice's own rows say less than digits beyond this; from a good start it is reached in half the steps.
  const tolerance = nearTo ? 1e-5 : undefined;
  const near = nearTo ? INVERSE_REGULARISATIONS.indexOf(nearTo.inverseRegularisation) : -1;
  const tried = near < 0 ? INVERSE_REGULARISATIONS : INVERSE_REGULARISATIONS.slice(Math.max(0, near - 1), near + 2);
  const regression = await LogisticRegression.open(training.vectors, targets ?? training.classes, labels, threads);
  let best: { head: LinearHead; right: number; inverseRegularisation: number } | undefined;
  try {
    let start = nearTo && firstColumnsOf(nearTo, training.vectors.columns);
    for (const inverseRegularisation of tried) {
      const onIteration = (iteration: number, loss: number) =>
        onProgress(`C = ${inverseRegularisation}, step ${iteration}, loss ${loss.toFixed(4)}`);
      const head = await regression.fit({ inverseRegularisation, start, tolerance, onIteration });
      const right = countRight(head, evaluation.vectors, evaluation.classes);
      // A tie goes to the stronger regularisation, which came first.
      if (!best || right > best.right) best = { head, right, inverseRegularisation };
      start = head;
    }
  } finally {
    await regression.close();
  }
  if (!best) throw new Error('no regularisation was tried');
  return { ...best.head, inverseRegularisation: best.inverseRegularisation };
}

function firstColumnsOf({ weight, bias }: LinearHead, columns: number): LinearHead {
  return { weight: firstColumns(weight, weight.length / bias.length, columns), bias };
}
