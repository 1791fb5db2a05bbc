/** What the tests of this room share: fixtures with their expected values, and graphs that run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { writeProfile } from '../../src/bundle/making.js';
import type { Checkpoint, TensorSource } from '../../src/checkpoint/index.js';
import { EncoderSession } from '../../src/infer/index.js';
import { type EncoderOptions, type EncoderShape, type HeadShape, planEncoder, shapeOf } from '../../src/model/index.js';
import { type FixtureName, fixtures, opened, temporaryFolder } from '../checkpoint/support.js';

export const fixtureNames: readonly FixtureName[] = [
  'bert-mean',
  'bert-cls-sharded',
  'bert-single-label',
  'distilbert-multi-label',
];

/** One text in a fixture's expected.json, as the reference library computes it. */
export interface ExpectedText {
  readonly text: string;
  readonly inputIds: readonly number[];
  readonly truncated: boolean;
  /** [state][token][channel], state 0 being the embeddings' output. */
  readonly hiddenStates?: readonly (readonly (readonly number[])[])[];
  readonly pooled: readonly number[];
  readonly logits?: readonly number[];
  readonly scores?: readonly number[];
  /** The same text in one batch with all the others. */
  readonly padded: { readonly pooled: readonly number[]; readonly logits?: readonly number[] };
}

export interface Expected {
  readonly maxTokens: number;
  readonly pooling: { readonly mode: 'mean' | 'cls'; readonly normalize: boolean };
  readonly labels?: readonly string[];
  readonly problem?: 'single' | 'multi';
  readonly texts: readonly ExpectedText[];
}

export interface Fixture {
  readonly checkpoint: Checkpoint;
  readonly expected: Expected;
}

export async function fixture(t: ExecutionContext, name: FixtureName): Promise<Fixture> {
  const checkpoint = await opened(t, join(fixtures, name));
  return { checkpoint, expected: JSON.parse(await readFile(join(fixtures, name, 'expected.json'), 'utf8')) };
}

/** The head that a checkpoint has, as the graph takes it. */
export function headOf({ config, head }: Checkpoint): HeadShape | undefined {
  if (head?.kind !== 'first-token') return undefined;
  return {
    kind: 'checkpoint',
    labels: head.labels.length,
    inputSize: config.hiddenSize,
    hiddenSize: config.hiddenSize,
    activation: head.activation,
  };
}

/** A network written as the product writes it, and open. */
export async function running(
  t: ExecutionContext,
  source: TensorSource,
  shape: EncoderShape,
  options: EncoderOptions,
): Promise<EncoderSession> {
  const folder = join(await temporaryFolder(t), 'profile');
  const { modelPath } = await writeProfile(planEncoder(shape, options), source, folder);
  const session = await EncoderSession.open(modelPath, { threads: 1 });
  t.teardown(() => session.release());
  return session;
}

/** A checkpoint's whole network in float32, unless the options say otherwise. */
export function runningCheckpoint(
  t: ExecutionContext,
  checkpoint: Checkpoint,
  options: Partial<EncoderOptions> = {},
): Promise<EncoderSession> {
  const { pooling } = checkpoint;
  return running(t, checkpoint.tensors, shapeOf(checkpoint), {
    bits: 32,
    pooling,
    head: headOf(checkpoint),
    ...options,
  });
}

export function unit(vector: ArrayLike<number>): number[] {
  const length = Math.sqrt(Array.from(vector).reduce((sum, x) => sum + x * x, 0));
  return Array.from(vector, (x) => x / length);
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [u, v] = [unit(a), unit(b)];
  return u.reduce((sum, x, i) => sum + x * v[i], 0);
}

/** The largest difference; infinite where lengths differ or a value is no number. */
export function worst(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i] - wanted[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** Row `index` of values [rows, …]. */
export function rowOf(values: Float32Array, rows: number, index: number): Float32Array {
  const size = values.length / rows;
  return values.subarray(index * size, (index + 1) * size);
}
