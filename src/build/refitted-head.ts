/** A head for a slice that learnt seldom: fitted on the slice's own vectors, where that is better than what it was trained to. */
import { countRight, type LinearHead, type Matrix } from '../train/index.js';
import type { HeadFitting, Vectors } from './heads.js';

/** Where the search for C begins; that of heads over vectors of length one. */
const INVERSE_REGULARISATION = 10;

/**
 * @param vectors as they are pooled
 * @param targets what is wanted of each label, [rows, labels]
 * @returns whichever has more of the eval rows right
 */
export async function refitted(
  fitting: HeadFitting,
  vectors: Vectors,
  trained: LinearHead,
  targets: Float32Array,
): Promise<LinearHead> {
  // Lengths of about one make a regularisation mean what it means elsewhere.
  const length = meanLength(vectors.train);
  const fitted = await fitting.head(
    { train: scaled(vectors.train, 1 / length), evaluation: scaled(vectors.evaluation, 1 / length) },
    {
      targets,
      nearTo: {
        weight: trained.weight.map((value) => value * length),
        bias: trained.bias,
        inverseRegularisation: INVERSE_REGULARISATION,
      },
    },
  );
  const head = { weight: fitted.weight.map((value) => value / length), bias: fitted.bias };
  const right = (one: LinearHead) => countRight(one, vectors.evaluation, fitting.evaluationClasses);
  return right(head) > right(trained) ? head : trained;
}

function meanLength({ values, rows, columns }: Matrix): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = 0; i < columns; i++) square += values[row * columns + i] ** 2;
    sum += Math.sqrt(square);
  }
  return sum / Math.max(1, rows) || 1;
}

const scaled = ({ values, rows, columns }: Matrix, factor: number): Matrix => ({
  values: values.map((value) => value * factor),
  rows,
  columns,
});
