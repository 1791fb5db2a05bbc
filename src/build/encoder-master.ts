/** The checkpoint's tensors as a master holds them. */

import type { MasterTensor } from '../bundle/making.js';
import type { ModelDescription } from '../bundle/manifest.js';
import type { Checkpoint, TensorSource } from '../checkpoint/index.js';

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

/**
 * Every tensor of the encoder, and of the checkpoint's own head where it is kept. Rows that no text can reach are left out.
 * @param usedPieces the vocabulary's first pieces, if the others, which no training text has, are to have fewer digits
 */
export function encoderTensors(
  { maxTokens }: Checkpoint,
  source: TensorSource,
  { head, usedPieces }: { readonly head: boolean; readonly usedPieces?: number },
): MasterTensor[] {
  return source.names
    .filter((name) => (head || !name.startsWith('head.')) && !name.includes('/'))
    .map((name) => {
      const [rows, ...rest] = source.shape(name);
      // Every text is one segment, and no longer than maxTokens.
      const kept = name.includes('token_type') ? 1 : name.includes('position_embeddings') ? maxTokens : rows;
      return {
        name,
        shape: [kept, ...rest],
        ...(name.includes('word_embeddings') && { coarseFrom: usedPieces }),
        rows: (from, to) => source.readRows(name, from, to),
      };
    });
}
