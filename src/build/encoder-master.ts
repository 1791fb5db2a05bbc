/** The checkpoint's tensors as a master holds them. */

import type { MasterTensor } from '../bundle/making.js';
import type { ModelDescription } from '../bundle/manifest.js';
import type { Checkpoint } from '../checkpoint/index.js';

/** What the manifest says of the network. */
export function describeModel({ config }: Checkpoint): ModelDescription {
  return {
    family: config.family,
    vocabSize: config.vocabSize,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    heads: config.heads,
    headSize: config.headSize,
    intermediateSize: config.intermediateSize,
    tokenTypes: config.typeVocabSize > 0,
    activation: config.activation,
    layerNormEps: config.layerNormEps,
  };
}

/** Every tensor of the encoder, and of the checkpoint's own head. Rows that no text can reach are left out. */
export function encoderTensors({ tensors, maxTokens }: Checkpoint): MasterTensor[] {
  return tensors.names.map((name) => {
    const [rows, ...rest] = tensors.shape(name);
    // Every text is one segment, and no longer than maxTokens.
    const kept = name.includes('token_type') ? 1 : name.includes('position_embeddings') ? maxTokens : rows;
    return { name, shape: [kept, ...rest], rows: (from, to) => tensors.readRows(name, from, to) };
  });
}

/** A tensor that is in memory. */
export function tensorOf(name: string, shape: readonly number[], values: Float32Array): MasterTensor {
  const columns = values.length / shape[0];
  return { name, shape, rows: async (from, to) => values.subarray(from * columns, to * columns) };
}
