/** `snug bench gradients`: one training step's loss, logits and gradients, held against what a reference library computed. */
import { type Checkpoint, openCheckpoint } from '../../checkpoint/index.js';
import { SnugError } from '../../errors/index.js';
import { headTensors, shapeOf } from '../../model/index.js';
import { Backpropagation, batchOf, leadingOf, Parameters, type Slice } from '../../train/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { type BenchRow, type RowShape, rowOf, unmeasured } from '../row.js';
import { type Fixture, type GradientSample, readFixture, waveOf } from './fixture.js';

const BAR = '<=0.001';
const shapes = {
  loss: { id: 'loss', what: 'difference of the loss', unit: '', against: 'loss', bar: BAR },
  logits: { id: 'logits', what: 'largest difference of a logit', unit: '', against: 'norm of the logits', bar: BAR },
  entries: { id: 'gradients', what: 'largest difference of an entry of a gradient', unit: '', bar: BAR },
  norms: { id: 'gradient-norms', what: "largest difference of a gradient's norm", unit: '', bar: BAR },
} as const;

/**
 * What a tensor's norm counts at least, as a share of the norm of all gradients together. Adding the same to every key of a
 * head changes nothing, so the gradient of a key's bias is zero but for rounding, and its own norm is no measure.
 */
const LEAST_NORM = 1e-5;

export const gradientsBenchmark: Benchmark = {
  name: 'gradients',
  summary: "a training step's gradients beside a reference library's, from --fixture",
  async run({ fixture: path, checkpoint: folder, say }: BenchOptions): Promise<readonly BenchRow[]> {
    const missing = path === undefined ? '--fixture' : folder === undefined ? '--checkpoint' : undefined;
    if (path === undefined || folder === undefined)
      return Object.values(shapes).map((shape) => unmeasured(shape, `${missing} is not given`));
    const fixture = await readFixture(path);
    const checkpoint = await openCheckpoint(folder);
    try {
      return await compare(fixture, path, checkpoint, say);
    } finally {
      await checkpoint.close();
    }
  },
};

async function compare(fixture: Fixture, path: string, checkpoint: Checkpoint, say: BenchOptions['say']) {
  const wrong = (what: string) => new SnugError('BENCH_FIXTURE', `${path}: ${what}`);
  const shape = shapeOf(checkpoint);
  const { gradients } = fixture;
  const [labels, channels] = gradients[headTensors.weight]?.shape ?? [];
  if (!channels) throw wrong(`gradients: no ${headTensors.weight} with two dimensions`);
  if (fixture.labels.some((label) => label >= labels)) throw wrong(`labels: one is not below ${labels}`);
  if (fixture.inputIds.some((ids) => ids.some((id) => id >= shape.vocabSize)))
    throw wrong(`inputIds: one is not below the checkpoint's ${shape.vocabSize} words`);
  if (fixture.inputIds.some((ids) => ids.length > checkpoint.config.positions))
    throw wrong(`inputIds: a text has more tokens than the checkpoint's ${checkpoint.config.positions} positions`);

  const parameters = await Parameters.withNewHead(checkpoint.tensors, shape, labels);
  const unknown = Object.keys(gradients).filter((name) => !parameters.has(name));
  const absent = [...parameters].map(({ name }) => name).filter((name) => !(name in gradients));
  if (unknown.length + absent.length > 0)
    throw wrong(`gradients: ${[...unknown, ...absent].join(', ')} is only there or only in the checkpoint`);
  for (const [name, { shape: own }] of Object.entries(gradients))
    if (!fits(own, parameters.of(name).shape))
      throw wrong(
        `gradients: ${name} is ${own.join(' × ')}, the checkpoint's ${parameters.of(name).shape.join(' × ')}`,
      );

  const slice = sliceOf(gradients, shape.layers.length, shape.headSize, channels);
  if (slice.layers.some(({ heads }) => !Number.isInteger(heads)))
    throw wrong(`gradients: queries of a layer are no whole heads of ${shape.headSize}`);
  const head = parameters.of(headTensors.weight);
  for (const [i, value] of waveOf(fixture.wave, labels, channels).entries())
    head.values[Math.floor(i / channels) * head.shape[1] + (i % channels)] = value;

  const run = new Backpropagation(shape, parameters, { threads: 0 });
  try {
    const texts = fixture.labels.length;
    const targets = new Float32Array(texts * labels);
    for (const [text, label] of fixture.labels.entries()) targets[text * labels + label] = 1;
    say(`${texts} texts, ${slice.channels} of ${shape.hiddenSize} channels, ${Object.keys(gradients).length} tensors`);
    const batch = batchOf(fixture.inputIds, fixture.attentionMask);
    const wanted = { targets, hardWeight: 1 / texts };
    const { loss, logits } = await run.run(batch, wanted, { slice: run.slice(slice) });
    const off = largest(
      fixture.logits.flatMap((row, text) => row.map((value, i) => value - logits[text * labels + i])),
    );
    return [
      row(shapes.loss, Math.abs(loss - fixture.loss), Math.abs(fixture.loss)),
      row(shapes.logits, off, norm(fixture.logits.flat())),
      ...gradientRows(fixture, (name, size) => leadingOf(parameters.of(name), size, parameters.gradientOf(name))),
    ];
  } finally {
    await run.close();
  }
}

/** The worst tensor of all, by its entries and by its norm. */
function gradientRows(
  { gradients }: Fixture,
  gradientOf: (name: string, shape: readonly number[]) => Float32Array,
): BenchRow[] {
  const least = LEAST_NORM * norm(Object.values(gradients).map((sample) => sample.norm));
  const compared = Object.entries(gradients).map(([name, sample]) => {
    const own = gradientOf(name, sample.shape);
    const entry = largest(sample.at.map((at, i) => own[at] - sample.values[i]));
    return { name, of: Math.max(sample.norm, least), entry, length: Math.abs(norm(own) - sample.norm) };
  });
  const raised = Object.values(gradients).filter((sample) => sample.norm < least).length;
  const note = `${compared.length} tensors; the norm of ${raised} counts as ${least.toExponential(1)}`;
  return ([['entries', 'entry'] as const, ['norms', 'length'] as const] as const).map(([key, measure]) => {
    // What is no number is the worst of all.
    const off = (one: (typeof compared)[number]) =>
      one[measure] / one.of >= 0 ? one[measure] / one.of : Number.POSITIVE_INFINITY;
    const worst = compared.reduce((a, b) => (off(b) > off(a) ? b : a));
    return row({ ...shapes[key], against: `norm of ${worst.name}` }, worst[measure], worst.of, note);
  });
}

const row = (shape: RowShape, value: number, reference: number, note?: string) =>
  rowOf(shape, [{ value, reference }], note);

/** How much of the checkpoint's network the file's gradients belong to: the first channels, heads and neurons. */
function sliceOf(
  gradients: Readonly<Record<string, GradientSample>>,
  layers: number,
  headSize: number,
  channels: number,
): Slice {
  const rows = (layer: number, part: string) => gradients[`encoder.layer.${layer}.${part}.bias`].shape[0];
  return {
    channels,
    layers: Array.from({ length: layers }, (_, layer) => ({
      heads: rows(layer, 'attention.self.query') / headSize,
      neurons: rows(layer, 'intermediate.dense'),
    })),
  };
}

const fits = (part: readonly number[], whole: readonly number[]) =>
  part.length === whole.length && part.every((size, axis) => size <= whole[axis]);

/** The largest magnitude; NaN where one is. */
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
