/**
 * One naming for the tensors of all families, BERT's without prefix, and the shape each must have. The head's are called
 * `head.dense` and `head.classifier`.
 */
import type { Family, ModelConfig } from './config.js';

/** A tensor that the network needs. */
export interface WantedTensor {
  /** Canonical name. */
  readonly name: string;
  /** Names it may have in the file, the family's usual one first. */
  readonly stored: readonly string[];
  /** Whether the file's prefix stands before the stored name: the encoder's have it, the head's own layers don't. */
  readonly prefixed: boolean;
  readonly shape: readonly number[];
  /** Where each size comes from, for errors. */
  readonly sizes: string;
}

/** What may stand before every name, depending on the class that was saved. */
export const prefixes: Readonly<Record<Family, readonly string[]>> = {
  bert: ['', 'bert.'],
  distilbert: ['', 'distilbert.'],
};

/** Parts of one layer: canonical name, DistilBERT's name. */
const layerParts = [
  ['attention.self.query', 'attention.q_lin'],
  ['attention.self.key', 'attention.k_lin'],
  ['attention.self.value', 'attention.v_lin'],
  ['attention.output.dense', 'attention.out_lin'],
  ['attention.output.LayerNorm', 'sa_layer_norm'],
  ['intermediate.dense', 'ffn.lin1'],
  ['output.dense', 'ffn.lin2'],
  ['output.LayerNorm', 'output_layer_norm'],
] as const;

/** Every tensor of the encoder, embeddings first; made one by one, so that a huge layer count costs nothing. */
export function* encoderTensors(config: ModelConfig): Generator<WantedTensor> {
  const { hiddenSize: hidden, vocabSize, positions, typeVocabSize } = config;
  const table = (part: string, rows: number, key: string): WantedTensor => {
    const name = `embeddings.${part}_embeddings.weight`;
    return { name, stored: [name], prefixed: true, shape: [rows, hidden], sizes: `${key} and hidden size` };
  };
  yield table('word', vocabSize, 'vocab_size');
  yield table('position', positions, 'max_position_embeddings');
  if (typeVocabSize > 0) yield table('token_type', typeVocabSize, 'type_vocab_size');
  yield* norm('embeddings.LayerNorm', 'embeddings.LayerNorm', hidden);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [part, distilled] of layerParts) {
      const name = `encoder.layer.${layer}.${part}`;
      const stored = config.family === 'bert' ? name : `transformer.layer.${layer}.${distilled}`;
      if (part.endsWith('LayerNorm')) yield* norm(name, stored, hidden);
      else yield* linear(name, stored, ...layerSizes(part, config));
    }
  }
}

/** The tensors of a sequence classification head with `labels` classes. */
export function* headTensors(config: ModelConfig, labels: number): Generator<WantedTensor> {
  const { hiddenSize, family } = config;
  // BERT's pooler belongs to the encoder, and is saved under its prefix.
  if (family === 'bert') yield* linear('head.dense', 'pooler.dense', hiddenSize, hiddenSize, 'hidden size');
  else yield* linear('head.dense', 'pre_classifier', hiddenSize, hiddenSize, 'hidden size', false);
  yield* linear('head.classifier', 'classifier', labels, hiddenSize, 'number of labels and hidden size', false);
}

function layerSizes(part: string, config: ModelConfig): [rows: number, columns: number, sizes: string] {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  if (part === 'intermediate.dense') return [inner, hidden, 'intermediate size and hidden size'];
  if (part === 'output.dense') return [hidden, inner, 'hidden size and intermediate size'];
  return [hidden, hidden, 'hidden size'];
}

function* linear(
  name: string,
  stored: string,
  rows: number,
  columns: number,
  sizes: string,
  prefixed = true,
): Generator<WantedTensor> {
  yield { name: `${name}.weight`, stored: [`${stored}.weight`], prefixed, shape: [rows, columns], sizes };
  yield { name: `${name}.bias`, stored: [`${stored}.bias`], prefixed, shape: [rows], sizes };
}

function* norm(name: string, stored: string, hidden: number): Generator<WantedTensor> {
  // gamma and beta are the names that checkpoints converted from TensorFlow kept.
  const common = { prefixed: true, shape: [hidden], sizes: 'hidden size' };
  yield { name: `${name}.weight`, stored: [`${stored}.weight`, `${stored}.gamma`], ...common };
  yield { name: `${name}.bias`, stored: [`${stored}.bias`, `${stored}.beta`], ...common };
}
