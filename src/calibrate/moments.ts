/** Sums over the tokens of calibration text: means, covariances, regressions from one set of channels to another. */
import { type Square, solve } from '../compress/linear-algebra.js';
import type { Operators } from './operators.js';

/** Least ridge as a share of the mean square. */
const ROUNDING = 1e-5;

/** Sums of a [rows, p], of b [rows, q], and of aᵀa and aᵀb, in double precision over all batches. */
export class Moments {
  rows = 0;
  readonly sumA: Float64Array;
  readonly sumB: Float64Array;
  readonly aa: Square;
  readonly ab: Float64Array;

  /** @param q 0 where only a matters */
  constructor(
    readonly p: number,
    readonly q: number,
  ) {
    this.sumA = new Float64Array(p);
    this.sumB = new Float64Array(q);
    this.aa = new Float64Array(p * p);
    this.ab = new Float64Array(p * q);
  }

  async add(operators: Operators, a: Float32Array, b: Float32Array | undefined, rows: number): Promise<void> {
    this.rows += rows;
    addColumns(this.sumA, a);
    addAll(this.aa, await operators.moment(a, a, rows));
    if (!b) return;
    addColumns(this.sumB, b);
    addAll(this.ab, await operators.moment(a, b, rows));
  }

  /** Covariance of a, [p, p]. */
  covariance(): Square {
    const { rows, p, sumA } = this;
    return this.aa.map((value, at) => value / rows - (sumA[Math.floor(at / p)] / rows) * (sumA[at % p] / rows));
  }

  /** Covariance of a with b, [p, q]. */
  crossCovariance(): Float64Array {
    const { rows, q, sumA, sumB } = this;
    return this.ab.map((value, at) => value / rows - (sumA[Math.floor(at / q)] / rows) * (sumB[at % q] / rows));
  }

  /**
   * Ridge regression of b on a: b ≈ weightᵀ a + bias, weight [p, q]. `ridge` is a share of the mean variance of a; the weights
   * are drawn towards `prior` [p, q], zero where there is none.
   */
  regression(ridge: number, prior?: Float64Array): { weight: Float64Array; bias: Float64Array } {
    const { rows, p, q, sumA, sumB } = this;
    const matrix = this.covariance();
    // Sums of single precision: where a hardly varies, what its covariance says is rounding.
    const strength = Math.max(
      ridge * meanDiagonal(matrix, p),
      ROUNDING * (meanDiagonal(this.aa, p) / rows),
      Number.MIN_VALUE,
    );
    for (let i = 0; i < p; i++) matrix[i * p + i] += strength;
    const right = this.crossCovariance();
    if (prior) for (let i = 0; i < right.length; i++) right[i] += strength * prior[i];
    const weight = solve(matrix, p, right, q);
    const bias = sumB.map((sum) => sum / rows);
    for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) bias[j] -= weight[i * q + j] * (sumA[i] / rows);
    return { weight, bias };
  }
}

export function meanDiagonal(matrix: Square, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i];
  return sum / size;
}

function addAll(into: Float64Array, values: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] += values[i];
}

/** Adds up the columns of values [rows, into.length]. */
function addColumns(into: Float64Array, values: Float32Array): void {
  const columns = into.length;
  for (let at = 0; at < values.length; at += columns) for (let j = 0; j < columns; j++) into[j] += values[at + j];
}
