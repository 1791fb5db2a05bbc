/**
 * The order in which a layer's heads or neurons are kept: backward elimination by what the layer's result loses, where the units
 * that stay take over in closed form what the removed one did (Optimal Brain Surgeon, Hassibi and Stork 1993, on the layer's
 * output as in Numerical Pruning, arXiv 2412.12441).
 */
import { inverse, type Square, solve } from './linear-algebra.js';

export interface UnitOptions {
  /** Covariance of the units' values, [size, size]. */
  readonly covariance: Square;
  /** [size, outputs]: what each value adds to the layer's result. */
  readonly weight: Float64Array;
  readonly outputs: number;
  /** Values that go together: 1 for neurons, the head size for heads. */
  readonly group: number;
  /** Added to the diagonal, as a share of its mean. */
  readonly ridge: number;
  /** Groups whose order matters no more: the last of them are left in order of loss. */
  readonly keepAtLeast: number;
}

/** Groups from the most to the least worth keeping. */
export function orderUnits(options: UnitOptions): number[] {
  const { weight, outputs, group, ridge, keepAtLeast } = options;
  const size = weight.length / outputs;
  const covariance = options.covariance.slice();
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance[i * size + i];
  for (let i = 0; i < size; i++) covariance[i * size + i] += (ridge * trace) / size + 1e-12;
  const state = { inverse: inverse(covariance, size), weight: weight.slice(), size, outputs };
  const left = Array.from({ length: size / group }, (_, unit) => unit);
  const removed: number[] = [];
  while (left.length > keepAtLeast) {
    let [best, smallest] = [0, Number.POSITIVE_INFINITY];
    for (const [at, unit] of left.entries()) {
      const loss = lossOf(state, unit, group);
      if (loss < smallest) [best, smallest] = [at, loss];
    }
    const [unit] = left.splice(best, 1);
    const rest = left.flatMap((other) => Array.from({ length: group }, (_, i) => other * group + i));
    for (let i = 0; i < group; i++) {
      // Of a group, those still to go are updated too.
      const others = Array.from({ length: group - i - 1 }, (_, j) => unit * group + i + 1 + j);
      remove(state, unit * group + i, [...others, ...rest]);
    }
    removed.push(unit);
  }
  const kept = left
    .map((unit) => ({ unit, loss: lossOf(state, unit, group) }))
    .sort((a, b) => b.loss - a.loss)
    .map(({ unit }) => unit);
  return [...kept, ...removed.reverse()];
}

interface State {
  readonly inverse: Square;
  readonly weight: Float64Array;
  readonly size: number;
  readonly outputs: number;
}

/** What the result loses without a unit: the trace of Wᵀ B⁻¹ W over the unit's rows W and its block B of the inverse. */
function lossOf({ inverse: h, weight, size, outputs }: State, unit: number, group: number): number {
  const first = unit * group;
  const own = weight.subarray(first * outputs, (first + group) * outputs);
  if (group === 1) return own.reduce((sum, value) => sum + value * value, 0) / h[first * size + first];
  const block = new Float64Array(group * group);
  for (let i = 0; i < group; i++)
    for (let j = 0; j < group; j++) block[i * group + j] = h[(first + i) * size + first + j];
  return solve(block, group, own, outputs).reduce((sum, value, at) => sum + value * own[at], 0);
}

/** Takes one value out: those in `rest` stand in for it, and the inverse becomes that of the smaller matrix. */
function remove({ inverse: h, weight, size, outputs }: State, value: number, rest: readonly number[]): void {
  const row = h.slice(value * size, (value + 1) * size);
  const pivot = row[value];
  const own = weight.slice(value * outputs, (value + 1) * outputs);
  for (const i of rest) {
    const share = row[i] / pivot;
    if (share === 0) continue;
    for (let o = 0; o < outputs; o++) weight[i * outputs + o] -= share * own[o];
    const into = h.subarray(i * size, (i + 1) * size);
    for (const j of rest) into[j] -= share * row[j];
  }
}
