/** The networks that are compared: the shapes of published models, and profiles of Snug's. */
import { join } from 'node:path';
import { type Bundle, materialiseProfile, parseProfile } from '../../bundle/index.js';
import { writeProfile } from '../../bundle/making.js';
import { type Checkpoint, openCheckpoint, type TensorSource } from '../../checkpoint/index.js';
import { type EncoderShape, type HeadShape, type PlannedGraph, planEncoder, shapeOf } from '../../model/index.js';
import { instructionSet, int8Limit } from '../../profile/processor.js';
import { mobileBert, planMobileBert } from './mobilebert.js';
import { encoderTensorShapes, RandomSource, type TensorShapes } from './random-source.js';

/** A network on disk, ready to run. */
export interface Network {
  readonly modelPath: string;
  readonly weightBytes: number;
  /** Token ids are below it. */
  readonly vocabSize: number;
  /** Where the weights come from, for the row. */
  readonly weights: string;
}

/** Of a head on CLINC150: what a network of another task costs more or less does not show. */
const LABELS = 150;
const PROTOTYPES_A_LABEL = 3;
/** Above the longest text that is measured; the published models have 512, whose table is counted. */
const POSITIONS = 512;

const bert = (hiddenSize: number, headSize: number, layers: number, tokenTypes = true): EncoderShape => ({
  vocabSize: 30_522,
  hiddenSize,
  headSize,
  maxTokens: POSITIONS,
  tokenTypes,
  activation: 'gelu',
  layerNormEps: 1e-12,
  layers: Array.from({ length: layers }, () => ({ heads: 12, neurons: 4 * hiddenSize })),
});

/** Published models of BERT's form, in float32 with a linear head. MobileBERT's form is its own. */
export const shapes = {
  'bert-base': bert(768, 64, 12),
  distilbert: bert(768, 64, 6, false),
  'minilm-l6': bert(384, 32, 6),
} as const;

const peerNames = {
  'bert-base': 'BERT-base',
  distilbert: 'DistilBERT',
  mobilebert: 'MobileBERT',
  'minilm-l6': 'MiniLM-L6',
} as const;

/** Profiles of Snug's that every run measures. */
const profiles = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8', 'w0.50-p0.00-q8', 'w0.50-p0.50-q8'] as const;
/** And these, where the bundle holds them. */
const more = ['w1.00-p0.00-q4', 'w0.50-p0.50-q4', 'w0.25-p0.75-q8', 'bag-q8'] as const;

/** The paper's recipe in full: half the width, half pruned, 8 bits. */
export const HALF_INT8 = 'w0.50-p0.50-q8';

/** What networks can be made of; both are optional. */
export interface Sources {
  /** Real weights of MiniLM-L6. */
  readonly checkpoint?: string;
  /** Real profiles. */
  readonly bundle?: Bundle;
  /** Where random networks are written. */
  readonly folder: string;
}

/** All that is compared, by id. */
export function networkIds(bundle: Bundle | undefined): string[] {
  return [...Object.keys(peerNames), ...profiles, ...more.filter((profile) => holds(bundle, profile))];
}

export function nameOf(id: string): string {
  return isKey(peerNames, id) ? peerNames[id] : id;
}

const isKey = <Keys extends object>(object: Keys, key: string): key is keyof Keys & string =>
  Object.hasOwn(object, key);

/** True where a bundle can run the profile. */
export function holds(bundle: Bundle | undefined, profile: string): boolean {
  return bundle?.manifest.ladder.some((rung) => rung.profile === profile) ?? false;
}

/** Makes a network ready to run: out of the bundle or the checkpoint where they have it, else with random weights. */
export async function makeNetwork(id: string, sources: Sources): Promise<Network> {
  if (id === 'mobilebert') {
    const { plan, tensors } = planMobileBert(LABELS);
    return await written(id, plan, new RandomSource(tensors), mobileBert.vocabSize, sources);
  }
  if (id === 'minilm-l6' && sources.checkpoint !== undefined) return await realMiniLm(sources.checkpoint, sources);
  if (isKey(shapes, id)) {
    const shape = shapes[id];
    const { plan, tensors } = planPeer(shape);
    return await written(id, plan, new RandomSource(tensors), shape.vocabSize, sources);
  }
  const { bundle } = sources;
  if (bundle && holds(bundle, id)) {
    const { modelPath, weightBytes } = await materialiseProfile(bundle, id);
    return { modelPath, weightBytes, vocabSize: bundle.manifest.model.vocabSize, weights: "the bundle's weights" };
  }
  const { shape, plan, tensors } = planProfile(id);
  return await written(id, plan, new RandomSource(tensors), shape.vocabSize, sources);
}

/** A published shape as the fused graph that Snug emits, which is no slower than the model as its exporter leaves it. */
function planPeer(shape: EncoderShape): { plan: PlannedGraph; tensors: TensorShapes } {
  const options = { bits: 32, pooling: { mode: 'mean' }, head: headOf(shape.hiddenSize, 0) } as const;
  return { plan: planEncoder(shape, options), tensors: encoderTensorShapes(shape, options) };
}

/** A profile of MiniLM-L6's shape: width takes channels, pruning heads and neurons of every layer. */
export function planProfile(profile: string): { shape: EncoderShape; plan: PlannedGraph; tensors: TensorShapes } {
  const { width, prune, bits } = parseProfile(profile);
  const whole = shapes['minilm-l6'];
  const kept = (count: number) => Math.round(count * (1 - prune));
  const shape: EncoderShape = {
    ...whole,
    hiddenSize: whole.hiddenSize * width,
    layers: whole.layers.map(({ heads, neurons }) => ({ heads: kept(heads), neurons: kept(neurons) })),
  };
  const head = headOf(shape.hiddenSize, LABELS * PROTOTYPES_A_LABEL);
  const options = {
    bits,
    pooling: { mode: 'mean' },
    unpadded: true,
    head,
    int8Limit: int8Limit(instructionSet()),
  } as const;
  return { shape, plan: planEncoder(shape, options), tensors: encoderTensorShapes(shape, options) };
}

const headOf = (hiddenSize: number, prototypes: number): HeadShape => ({
  kind: 'fitted',
  labels: LABELS,
  hiddenSize,
  prototypes,
  normalize: true,
});

async function realMiniLm(folder: string, sources: Sources): Promise<Network> {
  const checkpoint: Checkpoint = await openCheckpoint(folder);
  try {
    const shape = shapeOf(checkpoint);
    const { plan, tensors } = planPeer(shape);
    const source = new RandomSource(tensors, checkpoint.tensors);
    const network = await written('minilm-l6', plan, source, shape.vocabSize, sources);
    return { ...network, weights: "the checkpoint's weights" };
  } finally {
    await checkpoint.close();
  }
}

async function written(
  id: string,
  plan: PlannedGraph,
  source: TensorSource,
  vocabSize: number,
  { folder }: Sources,
): Promise<Network> {
  const { modelPath, weightBytes } = await writeProfile(plan, source, join(folder, id));
  return { modelPath, weightBytes, vocabSize, weights: 'random weights' };
}
