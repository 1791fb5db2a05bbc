/** Holds a graph's gradients against differences: the slope along a random direction, for one input after the other. */
import type { ExecutionContext } from 'ava';
import type { Real } from '../../../src/model/gradient/emitter.js';
import { InferenceSession, Tensor } from '../../../src/runtime/index.js';
import { seededRandom } from '../../../src/train/index.js';

export interface Numbers {
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/** Random numbers around `centre`. */
export function normals(random: () => number, dims: readonly number[], scale = 1, centre = 0): Numbers {
  const count = dims.reduce((product, size) => product * size, 1);
  const draw = () => centre + scale * (random() + random() + random() + random() - 2);
  return { dims, values: Float64Array.from({ length: count }, draw) };
}

export const sizeBetween = (random: () => number, low: number, high: number) =>
  low + Math.floor(random() * (high - low + 1));

export interface Feeds {
  readonly reals: Readonly<Record<string, Numbers>>;
  readonly others?: Readonly<Record<string, Tensor>>;
}

export function tensorOf({ dims, values }: Numbers, type: Real): Tensor {
  return type === 'float64' ? new Tensor(type, values, dims) : new Tensor(type, Float32Array.from(values), dims);
}

/** A session that takes and gives numbers in double precision, whatever it computes in. */
export async function opened(t: ExecutionContext, graph: Promise<Uint8Array>, type: Real) {
  const session = await InferenceSession.create(await graph, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  t.teardown(() => session.release());
  return async ({ reals, others }: Feeds): Promise<Record<string, Numbers>> => {
    const known = session.inputNames;
    const feeds = Object.entries(reals).filter(([name]) => known.includes(name));
    const given = await session.run({
      ...Object.fromEntries(feeds.map(([name, numbers]) => [name, tensorOf(numbers, type)])),
      ...Object.fromEntries(Object.entries(others ?? {}).filter(([name]) => known.includes(name))),
    });
    const results = Object.entries(given).map(([name, { dims, data }]) => {
      return [name, { dims, values: Float64Array.from(data as Float64Array) }] as const;
    });
    return Object.fromEntries(results);
  };
}

export const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** What differences can be trusted to: the step, and how far a slope may be off as a share of its size. */
const trust = { float64: { step: 1e-5, share: 1e-7 }, float32: { step: 1e-2, share: 3e-3 } } as const;

/**
 * @param value the number whose gradients are asked for, at some reals
 * @param gradients what the graph says they are, by input
 */
export async function slopesAgree(
  t: ExecutionContext,
  type: Real,
  reals: Readonly<Record<string, Numbers>>,
  value: (reals: Readonly<Record<string, Numbers>>) => Promise<number>,
  gradients: Readonly<Record<string, Numbers>>,
): Promise<void> {
  const random = seededRandom(77);
  const { step, share } = trust[type];
  for (const [name, gradient] of Object.entries(gradients)) {
    const at = reals[name];
    t.deepEqual([...gradient.dims], [...at.dims], name);
    const direction = normals(random, at.dims);
    const moved = (by: number) => ({
      ...reals,
      [name]: { dims: at.dims, values: at.values.map((x, i) => x + by * direction.values[i]) },
    });
    const difference = ((await value(moved(step))) - (await value(moved(-step)))) / (2 * step);
    const slope = dot(gradient.values, direction.values);
    // Along a direction across the gradient the slope is near zero, so the gradient's length is what counts.
    const size = Math.sqrt(dot(gradient.values, gradient.values));
    const off = Math.abs(difference - slope);
    t.true(off <= share * (1 + size), `${name}: ${slope} by the graph, ${difference} by differences`);
  }
}
