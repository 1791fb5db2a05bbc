/** A file with what a reference library computed for one training step: texts, a head by a formula, loss, logits, gradients. */
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { messageOf, SnugError } from '../../errors/index.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const real = v.pipe(v.number(), v.finite());

const gradientSchema = v.pipe(
  v.object({
    shape: v.pipe(v.array(size), v.minLength(1), v.maxLength(2)),
    norm: v.pipe(real, v.minValue(0)),
    /** Flat positions, and what the gradient is there. */
    at: v.array(count),
    values: v.array(real),
  }),
  v.check(({ at, values }) => at.length === values.length, 'as many values as positions are needed'),
  v.check(({ at, shape }) => at.every((i) => i < lengthOf(shape)), 'a position lies outside of the tensor'),
);

const fixtureSchema = v.pipe(
  v.object({
    inputIds: v.pipe(v.array(v.pipe(v.array(count), v.minLength(1))), v.minLength(1)),
    attentionMask: v.optional(v.array(v.array(v.picklist([0, 1])))),
    labels: v.array(count),
    head: v.string(),
    loss: real,
    logits: v.array(v.array(real)),
    gradients: v.record(v.string(), gradientSchema),
  }),
  v.check(({ inputIds, labels }) => labels.length === inputIds.length, 'a label for each text is needed'),
  v.check(({ inputIds, logits }) => logits.length === inputIds.length, 'logits for each text are needed'),
  v.check(
    ({ inputIds, attentionMask: masks }) =>
      masks === undefined ||
      (masks.length === inputIds.length && masks.every((row, i) => row.length === inputIds[i].length)),
    'attentionMask has another shape than inputIds',
  ),
  v.check(({ attentionMask: masks }) => !masks?.some((row) => !row.includes(1)), 'a text has no token that counts'),
);

export type GradientSample = v.InferOutput<typeof gradientSchema>;

export interface Fixture extends v.InferOutput<typeof fixtureSchema> {
  /** The factors of the head's formula: weight[i][j] = amplitude · sin(i · row + j · column). */
  readonly wave: { readonly amplitude: number; readonly row: number; readonly column: number };
}

const lengthOf = (shape: readonly number[]) => shape.reduce((product, one) => product * one, 1);

const NUMBER = '([-+]?[\\d.]+(?:e[-+]?\\d+)?)';
const WAVE = new RegExp(
  `=\\s*${NUMBER}\\s*\\*?\\s*sin\\(\\s*${NUMBER}\\s*\\*?\\s*i\\s*\\+\\s*${NUMBER}\\s*\\*?\\s*j\\s*\\)`,
);

/** @throws BENCH_FIXTURE */
export async function readFixture(path: string): Promise<Fixture> {
  try {
    const fixture = v.parse(fixtureSchema, JSON.parse(await readFile(path, 'utf8')));
    const [amplitude, row, column] = (WAVE.exec(fixture.head) ?? []).slice(1).map(Number);
    if (![amplitude, row, column].every(Number.isFinite))
      throw new Error(`head: not of the form weight[i][j] = a sin(b i + c j): ${fixture.head}`);
    return { ...fixture, wave: { amplitude, row, column } };
  } catch (cause) {
    const place = cause instanceof v.ValiError ? `${v.getDotPath(cause.issues[0]) ?? 'the file'}: ` : '';
    throw new SnugError('BENCH_FIXTURE', `${path}: ${place}${messageOf(cause)}`, { cause });
  }
}

/** The head's weights [labels, channels], rounded at every step as 32-bit arithmetic does. */
export function waveOf({ amplitude, row, column }: Fixture['wave'], labels: number, channels: number): Float32Array {
  const { fround } = Math;
  const weight = new Float32Array(labels * channels);
  for (let i = 0; i < labels; i++)
    for (let j = 0; j < channels; j++) {
      const angle = fround(fround(fround(row) * i) + fround(fround(column) * j));
      weight[i * channels + j] = fround(amplitude) * fround(Math.sin(angle));
    }
  return weight;
}
