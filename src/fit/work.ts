/** What a profile has to do for a text, counted from its shape: the cost model's only view of a profile. */
import { type Bits, type Manifest, networkOf, parseProfile } from '../bundle/index.js';
import { countMacsPerToken } from '../model/index.js';

export interface Work {
  /** Which products it runs; without layers there are none. */
  readonly kind: Kind;
  readonly bits: Bits;
  readonly layers: number;
  /** Multiplications with weights of all layers, a token. */
  readonly macsPerToken: number;
  /** Bytes of the layers' weights, which every text reads. */
  readonly layerBytes: number;
  /** Bytes of the head and its prototypes, which every text reads once. */
  readonly headBytes: number;
  /** Bytes of the embedding table, of which a text reads a few rows. */
  readonly tableBytes: number;
  /** Sums over all layers, a token. */
  readonly neurons: number;
  /** Of the layer that has most. */
  readonly widestNeurons: number;
  readonly attentionWidth: number;
  readonly channels: number;
  /** Numbers of one token's vector. */
  readonly hiddenSize: number;
  /** Weights as the ladder counts them. */
  readonly weightBytes: number;
  /** Files of the materialised profile. */
  readonly fileBytes: number;
}

export const kinds = ['q32', 'q8', 'q4', 'bag'] as const;
export type Kind = (typeof kinds)[number];

/** Bytes of a weight as the runtime prepares and reads it: 4 bits come with a scale a block, and sums. */
const PREPARED_BYTES: Readonly<Record<Bits, number>> = { 32: 4, 8: 1.01, 4: 0.8 };
/** Bytes of a number of the embedding table, its scales included. */
const TABLE_BYTES: Readonly<Record<Bits, number>> = { 32: 4, 8: 1 + 4 / 128, 4: 0.5 + 4 / 32 };

/** What of a manifest says how large its profiles are. */
export type Sizes = Pick<Manifest, 'ladder' | 'model' | 'head' | 'pooling' | 'labels' | 'tokenizer' | 'shapes'>;

/** @throws PROFILE_UNKNOWN */
export function workOf(manifest: Sizes, profile: string): Work {
  const { bits, bag } = parseProfile(profile);
  const { shape, options } = networkOf(manifest, profile);
  const { hiddenSize, headSize, layers, vocabSize, maxTokens } = shape;
  const macsPerToken = countMacsPerToken(shape);
  const sum = (of: (layer: (typeof layers)[number]) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  const prototypes = options.head?.kind === 'fitted' ? options.head.prototypes : 0;
  const layerBytes = macsPerToken * PREPARED_BYTES[bits];
  const weightBytes = manifest.ladder.find((rung) => rung.profile === profile)?.weightBytes ?? 0;
  return {
    kind: bag ? 'bag' : `q${bits}`,
    bits,
    layers: layers.length,
    macsPerToken,
    layerBytes,
    headBytes: hiddenSize * (4 * manifest.labels.length + (bits === 32 ? 4 : 1) * prototypes),
    tableBytes: vocabSize * hiddenSize * TABLE_BYTES[bits] + (bag ? 4 * vocabSize : 4 * maxTokens * hiddenSize),
    neurons: sum(({ neurons }) => neurons),
    widestNeurons: Math.max(0, ...layers.map(({ neurons }) => neurons)),
    attentionWidth: sum(({ heads }) => heads * headSize),
    channels: layers.length * hiddenSize,
    hiddenSize,
    weightBytes,
    fileBytes: weightBytes + layerBytes,
  };
}
