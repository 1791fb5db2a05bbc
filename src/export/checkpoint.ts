/**
 * A profile as a checkpoint folder in float32, as transformers and sentence-transformers read it: an encoder of the reference's
 * own shape, its pooling, and the fitted head as a dense module over pooled vectors; a head that the checkpoint brought stays the
 * sequence classification head that it was.
 */
import { type Bundle, networkOf, openProfile } from '../bundle/index.js';
import { type TensorSource, writeSafetensors } from '../checkpoint/index.js';
import { encoderTensors, headTensors as ownHeadTensors, type WantedTensor } from '../checkpoint/naming.js';
import { SnugError } from '../errors/index.js';
import { type EncoderShape, headTensors } from '../model/index.js';
import { type ExportOptions, type ExportResult, exportAs } from './export.js';
import { type Content, type FileContent, jsonBytes } from './folder.js';
import { writeCheckpointConfig } from './model-config.js';
import { writeCheckpointReadme } from './readme.js';
import { readTokenizer } from './tokenizer-files.js';

/**
 * The weights are those before quantisation. Heads and neurons that were removed where the reference's shape has room for them
 * come back as zeros, which changes no answer.
 * @throws EXPORT_WRITE where the reference has no such shape, DISK_FULL, PROFILE_UNKNOWN, BUNDLE_DAMAGED
 */
export function exportCheckpoint(bundle: Bundle, options: ExportOptions): Promise<ExportResult> {
  return exportAs(contentOf, bundle, options);
}

async function contentOf(bundle: Bundle, { profile, version }: ExportOptions): Promise<Content> {
  const { manifest, identity } = bundle;
  const { shape, options } = networkOf(manifest, profile);
  const keepsHead = manifest.head.kind === 'checkpoint';
  requireReferenceShape(
    shape,
    profile,
    options.bag === true,
    keepsHead && shape.hiddenSize < manifest.model.hiddenSize,
  );
  const tokenizer = await readTokenizer(bundle);
  const about = { profile, identity, version, temperature: manifest.calibrations[profile]?.temperature ?? 1 };
  const { source, close } = await openProfile(bundle, profile);
  try {
    const sizes = sizesOf(bundle, shape, source);
    const wanted = [...encoderTensors(sizes), ...(keepsHead ? ownHeadTensors(sizes, manifest.labels.length) : [])];
    const prefix = keepsHead ? `${manifest.model.family}.` : '';
    const weights: NamedTensor[] = [];
    for (const tensor of wanted)
      weights.push([(tensor.prefixed ? prefix : '') + tensor.stored[0], tensor.shape, await filledUp(source, tensor)]);
    const { hiddenSize } = shape;
    return [
      ['config.json', jsonBytes(writeCheckpointConfig(manifest, sizes, tokenizer.padTokenId, about))],
      ['model.safetensors', tensorFile(weights)],
      ['tokenizer.json', Buffer.from(JSON.stringify(tokenizer.json))],
      ['tokenizer_config.json', jsonBytes(tokenizer.config)],
      ['README.md', Buffer.from(writeCheckpointReadme(manifest, about))],
      ...(keepsHead
        ? []
        : await modulesOf(bundle, source, hiddenSize, options.head?.kind === 'fitted' && options.head.normalize)),
    ];
  } finally {
    await close();
  }
}

/** Hidden size / heads is the size of a head in the reference, so it has no shape with more heads than that. */
function requireReferenceShape(
  { hiddenSize, headSize, layers }: EncoderShape,
  profile: string,
  isBag: boolean,
  isCutHead: boolean,
): void {
  const most = Math.max(0, ...layers.map(({ heads }) => heads));
  const why = isBag
    ? 'it has no attention layers'
    : hiddenSize % headSize !== 0 || most * headSize > hiddenSize
      ? `${most} heads of ${headSize} at ${hiddenSize} channels are no shape that the reference library has`
      : isCutHead
        ? "the checkpoint's own head reads all channels"
        : undefined;
  if (why === undefined) return;
  throw new SnugError('EXPORT_WRITE', `${profile}: ${why}`, {
    remedy: 'Choose a profile that removes as large a share of heads as of the width (w0.50-p0.50), or use --onnx.',
  });
}

/** The reference's sizes: what differs from layer to layer is as large as the largest. */
export function sizesOf({ manifest }: Bundle, shape: EncoderShape, source: TensorSource) {
  const { family } = manifest.model;
  return {
    family,
    vocabSize: shape.vocabSize,
    hiddenSize: shape.hiddenSize,
    layers: shape.layers.length,
    heads: shape.hiddenSize / shape.headSize,
    headSize: shape.headSize,
    intermediateSize: Math.max(1, ...shape.layers.map(({ neurons }) => neurons)),
    positions: shape.maxTokens,
    typeVocabSize: shape.tokenTypes ? source.shape('embeddings.token_type_embeddings.weight')[0] : 0,
    activation: shape.activation,
    layerNormEps: shape.layerNormEps,
    padTokenId: 0,
    architectures: [],
  };
}

/** A tensor with zeros where the wanted shape is larger. */
async function filledUp(source: TensorSource, { name, shape }: WantedTensor): Promise<Float32Array> {
  const values = await source.read(name);
  const [rows, columns = 1] = source.shape(name);
  const [wantedRows, wantedColumns = 1] = shape;
  if (rows === wantedRows && columns === wantedColumns) return values;
  const result = new Float32Array(wantedRows * wantedColumns);
  for (let row = 0; row < Math.min(rows, wantedRows); row++)
    result.set(values.subarray(row * columns, (row + 1) * columns), row * wantedColumns);
  return result;
}

/** The modules of sentence-transformers, whose last one gives the logits. */
async function modulesOf(
  { manifest }: Bundle,
  source: TensorSource,
  hiddenSize: number,
  normalize: boolean,
): Promise<Content> {
  const labels = manifest.labels.length;
  const module = (path: string, type: string) => ({ path, type: `sentence_transformers.models.${type}` });
  const modules = [
    module('', 'Transformer'),
    module('1_Pooling', 'Pooling'),
    ...(normalize ? [module('2_Normalize', 'Normalize')] : []),
    module('3_Dense', 'Dense'),
  ].map((one, idx) => ({ idx, name: String(idx), ...one }));
  const mode = { mean: 'mean_tokens', cls: 'cls_token', max: 'max_tokens', mean_sqrt_len: 'mean_sqrt_len_tokens' };
  const dense = {
    in_features: hiddenSize,
    out_features: labels,
    bias: true,
    activation_function: 'torch.nn.modules.linear.Identity',
  };
  const head = tensorFile([
    ['linear.weight', [labels, hiddenSize], await source.read(headTensors.weight)],
    ['linear.bias', [labels], await source.read(headTensors.bias)],
  ]);
  return [
    ['modules.json', jsonBytes(modules)],
    ['sentence_bert_config.json', jsonBytes({ max_seq_length: manifest.tokenizer.maxTokens, do_lower_case: false })],
    [
      '1_Pooling/config.json',
      jsonBytes({ word_embedding_dimension: hiddenSize, [`pooling_mode_${mode[manifest.pooling.mode]}`]: true }),
    ],
    ...(normalize ? ([['2_Normalize/config.json', jsonBytes({})]] as const) : []),
    ['3_Dense/config.json', jsonBytes(dense)],
    ['3_Dense/model.safetensors', head],
  ];
}

type NamedTensor = readonly [name: string, shape: readonly number[], values: Float32Array];

function tensorFile(tensors: readonly NamedTensor[]): FileContent {
  const written = tensors.map(([name, shape, values]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    chunks: () => [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
  }));
  // What other libraries of this format ask for.
  return (path) => writeSafetensors(path, written, { format: 'pt' });
}
