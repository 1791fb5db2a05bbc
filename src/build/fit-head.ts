/** Fits a head on frozen vectors, its regularisation chosen on the eval rows. */
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
  /** A regularisation that suited a like network: its neighbours are tried only. */
  readonly nearTo?: number;
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
  const near = nearTo === undefined ? -1 : INVERSE_REGULARISATIONS.indexOf(nearTo);
  const tried = near < 0 ? INVERSE_REGULARISATIONS : INVERSE_REGULARISATIONS.slice(Math.max(0, near - 1), near + 2);
  const regression = await LogisticRegression.open(training.vectors, targets ?? training.classes, labels, threads);
  let best: { head: LinearHead; right: number; inverseRegularisation: number } | undefined;
  try {
    let start: LinearHead | undefined;
    for (const inverseRegularisation of tried) {
      const onIteration = (iteration: number, loss: number) =>
        onProgress(`C = ${inverseRegularisation}, step ${iteration}, loss ${loss.toFixed(4)}`);
      const head = await regression.fit({ inverseRegularisation, start, onIteration });
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
