/** Small networks as calibration takes them, and their slices as a bundle would run them. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Master, writeMaster, writeProfile } from '../../src/bundle/making.js';
import {
  type CalibrateOptions,
  type Corrections,
  keyOf,
  nameOf,
  type Shape,
  type UniformCounts,
} from '../../src/calibrate/index.js';
import type { TensorSource } from '../../src/checkpoint/index.js';
import { Slice } from '../../src/compress/slice.js';
import { EncoderSession } from '../../src/infer/index.js';
import { type EncoderShape, planEncoder } from '../../src/model/index.js';
import { seededRandom } from '../../src/train/index.js';
import { temporaryFolder } from '../checkpoint/support.js';

export const shape: EncoderShape = {
  vocabSize: 60,
  hiddenSize: 24,
  headSize: 4,
  maxTokens: 16,
  tokenTypes: true,
  activation: 'gelu',
  layerNormEps: 1e-12,
  layers: [
    { heads: 4, neurons: 20 },
    { heads: 4, neurons: 20 },
  ],
};

/** Random texts of 2 to 12 pieces. */
export function randomTexts(count: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 2 + Math.floor(random() * 11) }, () => Math.floor(random() * shape.vocabSize)),
  );
}

export function countsOf({ width, prune }: Shape): UniformCounts {
  const [{ heads, neurons }] = shape.layers;
  return {
    channels: Math.round(shape.hiddenSize * width),
    heads: Math.round(heads * (1 - prune)),
    neurons: Math.round(neurons * (1 - prune)),
  };
}

export function calibration(
  source: TensorSource,
  rows: readonly (readonly number[])[],
  shapes: readonly Shape[],
): CalibrateOptions {
  const { hiddenSize: hidden, headSize, activation, layerNormEps } = shape;
  const [{ heads, neurons }] = shape.layers;
  return {
    source,
    network: { layers: shape.layers.length, heads, headSize, neurons, hidden, activation, layerNormEps },
    rows,
    shapes,
    countsOf,
    threads: 1,
    onProgress: () => undefined,
  };
}

/** A network with corrections, stored as a bundle stores it. */
export async function stored(t: ExecutionContext, source: TensorSource, corrections?: Corrections): Promise<Master> {
  const path = join(await temporaryFolder(t), 'master.safetensors');
  const plain = source.names.map((name) => ({
    name,
    shape: source.shape(name),
    rows: (from: number, to: number) => source.readRows(name, from, to),
  }));
  await writeMaster(path, [...plain, ...(corrections?.tensors('fp16') ?? [])], 'fp16');
  const master = await Master.open(path);
  t.teardown(() => master.close());
  return master;
}

export function sliceOf(master: TensorSource, wanted: Shape): Slice {
  const { channels, heads, neurons } = countsOf(wanted);
  return new Slice(master, {
    counts: { channels, layers: shape.layers.map(() => ({ heads, neurons })) },
    headSize: shape.headSize,
    networkLayers: shape.layers.length,
    keys: {
      shape: nameOf(wanted),
      width: wanted.width < 1 ? keyOf(wanted.width) : undefined,
      prune: wanted.prune > 0 ? keyOf(wanted.prune) : undefined,
    },
  });
}

/** The last hidden states of texts run one by one, [tokens × channels] each. */
export async function statesOf(
  t: ExecutionContext,
  source: TensorSource,
  wanted: Shape,
  texts: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const { channels, heads, neurons } = countsOf(wanted);
  const cut = { ...shape, hiddenSize: channels, layers: shape.layers.map(() => ({ heads, neurons })) };
  const plan = planEncoder(cut, { bits: 32, pooling: { mode: 'mean' }, hiddenStates: true });
  const { modelPath } = await writeProfile(plan, source, join(await temporaryFolder(t), 'profile'));
  const session = await EncoderSession.open(modelPath, { threads: 1 });
  const name = `hidden_${shape.layers.length}`;
  try {
    const states: Float32Array[] = [];
    for (const text of texts) states.push((await session.run([text], 0, [name]))[name].slice());
    return states;
  } finally {
    await session.release();
  }
}

/** Root mean square of what slices' states differ from the whole network's at the channels that they keep. */
export function distance(slice: readonly Float32Array[], whole: readonly Float32Array[], channels: number): number {
  let [sum, count] = [0, 0];
  for (const [text, states] of slice.entries())
    for (const [at, value] of states.entries()) {
      const wanted = whole[text][Math.floor(at / channels) * shape.hiddenSize + (at % channels)];
      sum += (value - wanted) ** 2;
      count++;
    }
  return Math.sqrt(sum / count);
}
