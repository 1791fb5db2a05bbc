/** Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with a backtracking line search. */

/** A smooth function: its value at a point, and its gradient, which it may write into the same array every time. */
export type Objective = (point: Float64Array) => Promise<{ value: number; gradient: Float64Array }>;

export interface LbfgsOptions {
  /** Stops when no entry of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Pairs of steps remembered. */
  readonly memory?: number;
  readonly onIteration?: (iteration: number, value: number) => void;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

const dot = (a: Float64Array, b: Float64Array) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
const addScaled = (into: Float64Array, factor: number, vector: Float64Array) => {
  for (let i = 0; i < into.length; i++) into[i] += factor * vector[i];
};

/** Minimises from a starting point. Deterministic as long as the objective is. */
export async function minimise(objective: Objective, start: Float64Array, options: LbfgsOptions): Promise<Minimum> {
  const { tolerance, maxIterations, memory = 10 } = options;
  const pairs: Pair[] = [];
  let point: Float64Array = start.slice();
  let { value, gradient } = await evaluate(objective, point);
  let iterations = 0;
  for (; iterations < maxIterations && largestOf(gradient) > tolerance; iterations++) {
    const direction = descent(gradient, pairs);
    // The first step has no curvature to go by: a unit of length.
    const first = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const next = await search(objective, point, value, gradient, direction, first);
    if (!next) break; // no progress is left within the objective's precision
    const step = next.point.map((x, i) => x - point[i]);
    const change = next.gradient.map((g, i) => g - gradient[i]);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    ({ point, value, gradient } = next);
    options.onIteration?.(iterations + 1, value);
  }
  return { point, value, iterations };
}

async function evaluate(objective: Objective, point: Float64Array) {
  const { value, gradient } = await objective(point);
  return { point, value, gradient: gradient.slice() };
}

const largestOf = (vector: Float64Array) => vector.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((g) => -g);
  const weights = new Array<number>(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    weights[i] = dot(pairs[i].step, direction) / pairs[i].curvature;
    addScaled(direction, -weights[i], pairs[i].change);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (const [i, pair] of pairs.entries()) {
    const back = dot(pair.change, direction) / pair.curvature;
    addScaled(direction, weights[i] - back, pair.step);
  }
  return direction;
}

/** Halves the step until the value falls enough (Armijo); undefined where it never does. */
async function search(
  objective: Objective,
  point: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  first: number,
) {
  const slope = dot(gradient, direction);
  for (let step = first, tries = 0; tries < 20; step /= 2, tries++) {
    const there = point.map((x, i) => x + step * direction[i]);
    const found = await evaluate(objective, there);
    if (found.value <= value + 1e-4 * step * slope) return found;
  }
  return undefined;
}
