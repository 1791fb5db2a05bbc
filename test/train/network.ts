/** What the tests of training share: small networks, batches, and copies of gradients. */
import type { ExecutionContext } from 'ava';
import type { TensorSource } from '../../src/checkpoint/index.js';
import { type EncoderShape, headTensors } from '../../src/model/index.js';
import {
  Backpropagation,
  type BackpropagationOptions,
  type Batch,
  batchOf,
  Parameters,
  type Random,
  seededRandom,
  type Wanted,
} from '../../src/train/index.js';

export const LABELS = 3;

export interface Running {
  readonly shape: EncoderShape;
  readonly parameters: Parameters;
  readonly run: Backpropagation;
}

/** A network under a random head, ready to run. */
export async function running(
  t: ExecutionContext,
  shape: EncoderShape,
  source: TensorSource,
  options: Partial<BackpropagationOptions> = {},
): Promise<Running> {
  const parameters = await Parameters.read(source, shape, LABELS);
  const random = seededRandom(21);
  for (const name of [headTensors.weight, headTensors.bias]) {
    const { values } = parameters.of(name);
    for (let i = 0; i < values.length; i++) values[i] = 0.6 * (random() - 0.5);
  }
  const run = new Backpropagation(shape, parameters, { threads: 1, ...options });
  t.teardown(() => run.close());
  return { shape, parameters, run };
}

export function randomRows(random: Random, lengths: readonly number[], vocabSize: number): number[][] {
  return lengths.map((length) => Array.from({ length }, () => Math.floor(random() * vocabSize)));
}

export function randomBatch(seed: number, vocabSize: number, lengths: readonly number[] = [5, 2, 3]): Batch {
  return batchOf(randomRows(seededRandom(seed), lengths, vocabSize));
}

/** The mean loss with one label a text, smoothed a little. */
export function wantedOf(labels: readonly number[], smoothing = 0.1): Wanted {
  const targets = new Float32Array(labels.length * LABELS).fill(smoothing / LABELS);
  for (const [text, label] of labels.entries()) targets[text * LABELS + label] += 1 - smoothing;
  return { targets, hardWeight: 1 / labels.length };
}

/** Copies of all gradients, by name. */
export function gradientsOf(parameters: Parameters): Map<string, Float32Array> {
  return new Map([...parameters].map(({ name }) => [name, parameters.gradientOf(name).slice()]));
}

export const normOf = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

/** The largest difference of any entry, as a share of the largest norm of all. */
export function farthest(
  one: ReadonlyMap<string, Float32Array>,
  other: ReadonlyMap<string, Float32Array>,
): { name: string; share: number } {
  const scale = Math.max(...[...one.values()].map(normOf));
  let worst = { name: 'none', share: 0 };
  for (const [name, values] of one) {
    const against = other.get(name);
    const off = Math.max(...values.map((value, i) => Math.abs(value - (against?.[i] ?? Number.NaN))));
    if (!(off / scale <= worst.share)) worst = { name, share: off / scale };
  }
  return worst;
}
