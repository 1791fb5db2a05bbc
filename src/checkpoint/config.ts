/** config.json of a checkpoint: what kind of network it is, and how large. */
import { join } from 'node:path';
import { SnugError } from '../errors/index.js';
import { type JsonObject, readJsonObject } from './json-file.js';

export type Family = 'bert' | 'distilbert';

/** `gelu` is the exact form (by erf), `gelu_new` the one by tanh. */
export type Activation = 'gelu' | 'gelu_new' | 'relu';

/** How the scores of a classification head become probabilities: softmax over labels, or a sigmoid for each. */
export type Problem = 'single' | 'multi';

export interface ModelConfig {
  readonly family: Family;
  /** Rows of the word embedding table. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** hiddenSize / heads, a whole number once `requireEvenHeads` has passed. */
  readonly headSize: number;
  readonly intermediateSize: number;
  /** Rows of the position table: no text may have more tokens. */
  readonly positions: number;
  /** Rows of the token type table; 0 for DistilBERT, which has none. */
  readonly typeVocabSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly padTokenId: number;
  /** Labels of the classification head by class number, where config.json names them. */
  readonly idToLabel?: readonly string[];
  readonly problem?: Problem;
  /** Class names of the reference implementation, `BertForSequenceClassification` for one. */
  readonly architectures: readonly string[];
  /** Where config.json says that the model comes from. */
  readonly nameOrPath?: string;
}

const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  relu: 'relu',
};

const problems: Readonly<Record<string, Problem>> = {
  single_label_classification: 'single',
  multi_label_classification: 'multi',
};

/** Keys by family, the family's own name first. */
const keys = {
  bert: {
    hiddenSize: ['hidden_size'],
    layers: ['num_hidden_layers'],
    heads: ['num_attention_heads'],
    intermediateSize: ['intermediate_size'],
    activation: ['hidden_act'],
  },
  distilbert: {
    hiddenSize: ['dim', 'hidden_size'],
    layers: ['n_layers', 'num_hidden_layers'],
    heads: ['n_heads', 'num_attention_heads'],
    intermediateSize: ['hidden_dim', 'intermediate_size'],
    activation: ['activation', 'hidden_act'],
  },
} as const satisfies Record<Family, Record<string, readonly string[]>>;

/**
 * Reads config.json of a checkpoint folder.
 * @throws CHECKPOINT_FILE_MISSING, CHECKPOINT_FILE_UNREADABLE, CHECKPOINT_CONFIG, CHECKPOINT_UNSUPPORTED
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, 'config.json');
  const raw = await readJsonObject(path);
  if (raw === undefined) throw new SnugError('CHECKPOINT_FILE_MISSING', `${path}: no such file`);
  return parseConfig(raw);
}

/** Checks the values of config.json one by one; those of no use to the network are not looked at. */
export function parseConfig(raw: JsonObject): ModelConfig {
  const architectures = textList(raw, 'architectures');
  const family = familyOf(raw, architectures);
  refuseUnsupported(raw);
  const required = (names: readonly string[], to: number): number => {
    const key = raw.keyOf(names) ?? names[0];
    const value = raw.integer(key, 1, to);
    if (value === undefined) throw raw.wrong(key, `a whole number from 1 to ${to}`);
    return value;
  };
  const own = keys[family];
  const vocabSize = required(['vocab_size'], 10_000_000);
  const hiddenSize = required(own.hiddenSize, 65_536);
  const heads = required(own.heads, 65_536);
  return {
    family,
    vocabSize,
    hiddenSize,
    layers: required(own.layers, 1_000),
    heads,
    headSize: hiddenSize / heads,
    intermediateSize: required(own.intermediateSize, 1_048_576),
    positions: required(['max_position_embeddings'], 1_048_576),
    typeVocabSize: family === 'bert' ? (raw.integer('type_vocab_size', 1, 65_536) ?? 2) : 0,
    activation: activationOf(raw, own.activation),
    layerNormEps: family === 'bert' ? layerNormEps(raw) : 1e-12,
    padTokenId: raw.integer('pad_token_id', 0, vocabSize - 1) ?? 0,
    idToLabel: labelsOf(raw),
    problem: problemOf(raw),
    architectures,
    nameOrPath: raw.string('_name_or_path') || undefined,
  };
}

/** Attention splits the hidden size evenly. A check of its own, so that a wrong hidden size is first held against the tensors. */
export function requireEvenHeads(config: ModelConfig, path: string): void {
  if (Number.isInteger(config.headSize)) return;
  const what = `hidden size ${config.hiddenSize} cannot be divided into ${config.heads} attention heads`;
  throw new SnugError('CHECKPOINT_CONFIG', `${path}: ${what}`);
}

function familyOf(raw: JsonObject, architectures: readonly string[]): Family {
  // Old files lack model_type; their class names begin with the family.
  const inferred = architectures.map((name) => /^(Bert|DistilBert)(?=[A-Z])/.exec(name)?.[1].toLowerCase());
  const type = raw.string('model_type') ?? inferred.find((name) => name !== undefined);
  if (type === 'bert' || type === 'distilbert') return type;
  const what = type === undefined ? 'names no model_type' : `model_type ${type} is not supported`;
  throw new SnugError(
    'CHECKPOINT_UNSUPPORTED',
    `${raw.path}: ${what} (supported: bert, MiniLM among them, and distilbert)`,
  );
}

function refuseUnsupported(raw: JsonObject): void {
  const refuse = (what: string) => new SnugError('CHECKPOINT_UNSUPPORTED', `${raw.path}: ${what}`);
  const position = raw.string('position_embedding_type') ?? 'absolute';
  if (position !== 'absolute')
    throw refuse(`position_embedding_type ${position} is not supported (supported: absolute)`);
  for (const key of ['is_decoder', 'add_cross_attention', 'is_encoder_decoder']) {
    if (raw.boolean(key)) throw refuse(`${key} is set; decoders are not supported, only encoders`);
  }
  const pruned = raw.get('pruned_heads');
  if (typeof pruned === 'object' && pruned !== null && Object.keys(pruned).length > 0) {
    throw refuse('pruned_heads is set; checkpoints whose layers differ in size are not supported');
  }
  if (raw.get('quantization_config') !== undefined)
    throw refuse('quantization_config is set; give the unquantised weights');
}

function activationOf(raw: JsonObject, names: readonly string[]): Activation {
  const key = raw.keyOf(names);
  const name = key === undefined ? 'gelu' : raw.string(key);
  if (name !== undefined && Object.hasOwn(activations, name)) return activations[name];
  const what = `${key} ${name} is not supported (supported: ${Object.keys(activations).join(', ')})`;
  throw new SnugError('CHECKPOINT_UNSUPPORTED', `${raw.path}: ${what}`);
}

function layerNormEps(raw: JsonObject): number {
  const value = raw.get('layer_norm_eps') ?? 1e-12;
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw raw.wrong('layer_norm_eps', 'a number from 0, below 1');
}

function problemOf(raw: JsonObject): Problem | undefined {
  const type = raw.string('problem_type');
  if (type === undefined) return undefined;
  if (Object.hasOwn(problems, type)) return problems[type];
  const what = `problem_type ${type} is not supported (supported: ${Object.keys(problems).join(', ')})`;
  throw new SnugError('CHECKPOINT_UNSUPPORTED', `${raw.path}: ${what}`);
}

/** `id2label` as a list: its keys are the class numbers, as text. */
function labelsOf(raw: JsonObject): readonly string[] | undefined {
  const value = raw.get('id2label');
  if (value === undefined) return undefined;
  const must = 'an object from class numbers, 0 on without gap, to different texts';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw raw.wrong('id2label', must);
  const byId = new Map(Object.entries(value));
  const labels: string[] = [];
  for (let id = 0; id < byId.size; id++) {
    const label: unknown = byId.get(String(id));
    if (typeof label !== 'string' || label === '') throw raw.wrong('id2label', must);
    labels.push(label);
  }
  if (new Set(labels).size !== labels.length) throw raw.wrong('id2label', must);
  return labels;
}

function textList(raw: JsonObject, key: string): readonly string[] {
  const value = raw.get(key) ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw raw.wrong(key, 'a list of texts');
}
