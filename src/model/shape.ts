/** The whole network of a checkpoint, as this room describes it. */
import type { Checkpoint } from '../checkpoint/index.js';
import type { EncoderShape } from './encoder.js';

export function shapeOf({ config, maxTokens }: Checkpoint): EncoderShape {
  return {
    vocabSize: config.vocabSize,
    hiddenSize: config.hiddenSize,
    headSize: config.headSize,
    maxTokens,
    tokenTypes: config.typeVocabSize > 0,
    activation: config.activation,
    layerNormEps: config.layerNormEps,
    layers: Array.from({ length: config.layers }, () => ({ heads: config.heads, neurons: config.intermediateSize })),
  };
}
