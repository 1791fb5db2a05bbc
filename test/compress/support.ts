/** What the tests of this room share: random matrices, and products written out. */
import { seededRandom } from '../../src/train/index.js';

/** Numbers from -1 to 1. */
export function randomMatrix(rows: number, columns: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: rows * columns }, () => random() * 2 - 1);
}

/** a [rows, inner] × b [inner, columns]. */
export function multiplied(a: ArrayLike<number>, b: ArrayLike<number>, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < inner; k++) result[i * columns + j] += a[i * inner + k] * b[k * columns + j];
  return result;
}

export function transposed(matrix: ArrayLike<number>, rows: number): Float64Array {
  const columns = matrix.length / rows;
  return Float64Array.from({ length: matrix.length }, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}

/** A covariance: xᵀx / rows of values x [rows, size] that are taken as centred. */
export function covarianceOf(values: Float64Array, size: number): Float64Array {
  const rows = values.length / size;
  return multiplied(transposed(values, rows), values, rows).map((sum) => sum / rows);
}

export const identity = (size: number) =>
  Float64Array.from({ length: size * size }, (_, at) => (Math.floor(at / size) === at % size ? 1 : 0));

/** The largest difference of two lists of one length; infinite where a value is no number. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const differences = Array.from(a, (value, i) => Math.abs(value - b[i]));
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences);
}
