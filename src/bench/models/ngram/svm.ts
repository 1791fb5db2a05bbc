/**
 * A linear support vector machine with squared hinge loss, by dual coordinate descent with shrinking (Hsieh et al., A Dual
 * Coordinate Descent Method for Large-scale Linear SVM, ICML 2008): one label against all others.
 */
import { seededRandom } from '../../../train/index.js';
import type { SparseVector } from './features.js';

export interface SvmOptions {
  /** Weight of the loss against the squared weights. */
  readonly cost: number;
  /** Ends where no dual variable's projected gradient is larger. */
  readonly tolerance: number;
  readonly mostEpochs: number;
  readonly seed: number;
}

/** Weights [size] whose product with a row is positive where the row has the label; `isLabel` has an entry a row. */
export function fitOne(
  rows: readonly SparseVector[],
  isLabel: readonly boolean[],
  size: number,
  { cost, tolerance, mostEpochs, seed }: SvmOptions,
): Float64Array {
  const weights = new Float64Array(size);
  const dual = new Float64Array(rows.length);
  const softness = 1 / (2 * cost);
  const diagonal = Float64Array.from(rows, ({ values }) => softness + values.reduce((sum, x) => sum + x * x, 0));
  const random = seededRandom(seed);
  const order = Int32Array.from(rows.keys());
  let active = rows.length;
  // The largest projected gradient of the epoch before: a dual variable at zero above it is left out.
  let shrinkAbove = Number.POSITIVE_INFINITY;
  for (let epoch = 0; epoch < mostEpochs; epoch++) {
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < active; at++) {
      const other = at + Math.floor(random() * (active - at));
      [order[at], order[other]] = [order[other], order[at]];
      const row = order[at];
      const { indices, values } = rows[row];
      const sign = isLabel[row] ? 1 : -1;
      let product = 0;
      for (let i = 0; i < indices.length; i++) product += weights[indices[i]] * values[i];
      const gradient = sign * product - 1 + dual[row] * softness;
      if (dual[row] === 0 && gradient > shrinkAbove) {
        active--;
        [order[at], order[active]] = [order[active], order[at]];
        at--;
        continue;
      }
      const projected = dual[row] === 0 ? Math.min(gradient, 0) : gradient;
      largest = Math.max(largest, projected);
      smallest = Math.min(smallest, projected);
      if (projected === 0) continue;
      const before = dual[row];
      dual[row] = Math.max(before - gradient / diagonal[row], 0);
      const step = sign * (dual[row] - before);
      for (let i = 0; i < indices.length; i++) weights[indices[i]] += step * values[i];
    }
    if (largest - smallest <= tolerance) {
      if (active === rows.length) break;
      // Converged on what was left: once more over all rows.
      active = rows.length;
      shrinkAbove = Number.POSITIVE_INFINITY;
      continue;
    }
    shrinkAbove = largest > 0 ? largest : Number.POSITIVE_INFINITY;
  }
  return weights;
}
