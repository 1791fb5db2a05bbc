/** config.json of an export: what transformers.js and Optimum read of a network. */
import type { Manifest } from '../bundle/index.js';
import type { ModelConfig } from '../checkpoint/config.js';
import type { EncoderShape } from '../model/index.js';

/** What an export says of itself. */
export interface About {
  readonly profile: string;
  /** The bundle's identity. */
  readonly identity: string;
  readonly version: string;
  /** Probabilities are the softmax, or the sigmoid, of the logits divided by this. */
  readonly temperature: number;
}

/** Key of config.json by which an export is known; readers pass over keys they don't know. */
export const ownKey = 'snug';

const architectures = { bert: 'BertForSequenceClassification', distilbert: 'DistilBertForSequenceClassification' };

/** Sizes are those of the profile as cut; where layers differ, the largest count stands for all. */
export function writeModelConfig(manifest: Manifest, shape: EncoderShape, padTokenId: number, about: About) {
  const { model, labels, head } = manifest;
  return {
    architectures: [architectures[model.family]],
    model_type: model.family,
    problem_type: head.problem === 'multi' ? 'multi_label_classification' : 'single_label_classification',
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    vocab_size: shape.vocabSize,
    max_position_embeddings: shape.maxTokens,
    pad_token_id: padTokenId,
    ...sizes(model.family, shape),
    // Its dtype is a choice of file: `fp32` is the name without an ending, whatever the bits inside.
    'transformers.js_config': { dtype: 'fp32' },
    [ownKey]: {
      version: about.version,
      bundle: about.identity,
      profile: about.profile,
      temperature: about.temperature,
    },
  };
}

/** config.json of a checkpoint: the network as the reference library names its parts. */
export function writeCheckpointConfig(manifest: Manifest, own: ModelConfig, padTokenId: number, about: About) {
  const { labels, head } = manifest;
  const { family } = own;
  const kept = head.kind === 'checkpoint' ? architectures[family] : family === 'bert' ? 'BertModel' : 'DistilBertModel';
  const layers = Array.from({ length: own.layers }, () => ({ heads: own.heads, neurons: own.intermediateSize }));
  const { hiddenSize, activation, layerNormEps } = own;
  return {
    architectures: [kept],
    model_type: family,
    problem_type: head.problem === 'multi' ? 'multi_label_classification' : 'single_label_classification',
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    vocab_size: own.vocabSize,
    max_position_embeddings: own.positions,
    ...(own.typeVocabSize > 0 && { type_vocab_size: own.typeVocabSize }),
    pad_token_id: padTokenId,
    ...sizes(family, { hiddenSize, activation, layerNormEps, layers }),
    [ownKey]: {
      version: about.version,
      bundle: about.identity,
      profile: about.profile,
      temperature: about.temperature,
    },
  };
}

type Sizes = Pick<EncoderShape, 'hiddenSize' | 'activation' | 'layerNormEps' | 'layers'>;

function sizes(family: Manifest['model']['family'], shape: Sizes) {
  const largest = (of: (layer: EncoderShape['layers'][number]) => number) => Math.max(1, ...shape.layers.map(of));
  const heads = largest((layer) => layer.heads);
  const neurons = largest((layer) => layer.neurons);
  if (family === 'distilbert')
    return {
      dim: shape.hiddenSize,
      n_layers: shape.layers.length,
      n_heads: heads,
      hidden_dim: neurons,
      activation: shape.activation,
    };
  return {
    hidden_size: shape.hiddenSize,
    num_hidden_layers: shape.layers.length,
    num_attention_heads: heads,
    intermediate_size: neurons,
    hidden_act: shape.activation,
    layer_norm_eps: shape.layerNormEps,
  };
}
