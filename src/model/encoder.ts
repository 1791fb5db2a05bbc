/**
 * The network as an ONNX graph: embeddings, encoder layers with fused operators, pooling, and the head where there is one.
 * Post-norm BERT (Devlin et al., arXiv 1810.04805) and DistilBERT (arXiv 1910.01108), which differ only in token types.
 */
import type { LayerSmoothing } from '../compress/int8-ranges.js';
import { GraphBuilder, type PlannedGraph } from './graph-builder.js';
import { appendHead, type HeadShape } from './head.js';
import { appendPooling, type PoolingMode } from './pooling.js';
import {
  biasesOf,
  blockQuantisedTable,
  concatenated,
  type Dense,
  nibbles,
  nibbleTable,
  positionsOfOneSegment,
  table,
  transposed,
  transposedInt8,
} from './weights.js';

export type Bits = 32 | 8 | 4;
export type Activation = 'gelu' | 'gelu_new' | 'relu';

/** What is left of every layer; a cut network has counts of its own for each. */
export interface LayerShape {
  readonly heads: number;
  readonly neurons: number;
}

export interface EncoderShape {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly headSize: number;
  /** Longest text in tokens; at most the position table's rows. */
  readonly maxTokens: number;
  readonly tokenTypes: boolean;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly layers: readonly LayerShape[];
}

export interface EncoderOptions {
  readonly bits: Bits;
  /** `pooled` is never scaled: a fitted head does that itself, and who wants unit vectors asks for them. */
  readonly pooling: { readonly mode: PoolingMode };
  /** No layers and no positions: the mean of word vectors, weighted by `bag.weights` [vocabulary]. */
  readonly bag?: true;
  readonly head?: HeadShape;
  /** Largest magnitude of 8-bit weights: 63 where the processor's products of 8-bit numbers saturate. */
  readonly int8Limit?: number;
  /** Weights of a row of a 4-bit matrix, and numbers of a row of a 4-bit table, that share a scale: 32 unless given. */
  readonly nibbleBlock?: 32 | 64 | 128;
  /** The rows of a batch are of one length: the graph has no `attention_mask`, and saves what reading it costs. */
  readonly unpadded?: boolean;
  /** How uneven channels are brought into 8 bits, a layer each. */
  readonly smoothing?: readonly LayerSmoothing[];
  /** Adds outputs `range_qkv_N`, `range_up_N` [hidden] and `range_down_N` [neurons]: largest magnitudes in the batch. */
  readonly ranges?: boolean;
  /** Adds outputs `hidden_0` (embedding) to `hidden_L`, each [batch, tokens, hidden]. */
  readonly hiddenStates?: boolean;
}

/**
 * Block of a row of the embedding table that shares a scale: the largest power of two, up to 128, that divides the width; 64,
 * the last one shorter, where not even 16 does, for the operator takes none below.
 */
function embeddingBlock(hiddenSize: number): number {
  return [128, 64, 32, 16].find((block) => hiddenSize % block === 0) ?? 64;
}

/** What shares a scale in 4 bits; docs/compression.md has the figures of larger blocks. */
export const NIBBLE_BLOCK = 32;

/**
 * Plans the graph. Inputs `input_ids` and `attention_mask` (not where it is unpadded), int64 [batch, tokens], padded on the right;
 * outputs `pooled` [batch, hidden] and the head's. Tensor names are those of a BERT checkpoint without prefix.
 */
export function planEncoder(shape: EncoderShape, options: EncoderOptions): PlannedGraph {
  const graph = new GraphBuilder('encoder');
  const emit = new EncoderEmitter(graph, shape, options);
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask64 = options.unpadded ? undefined : graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  if (options.bag) return planBag(graph, emit, { ids, mask64 }, shape, options);
  const mask = mask64 === undefined ? '' : graph.node('Cast', [mask64], { to: 6 }, 'mask');
  let hidden = emit.embeddings(ids, options.hiddenStates ? 'hidden_0' : undefined);
  for (let index = 0; index < shape.layers.length; index++)
    hidden = emit.layer(index, hidden, mask, options.hiddenStates ? `hidden_${index + 1}` : undefined);
  if (options.hiddenStates)
    for (let index = 0; index <= shape.layers.length; index++)
      graph.output(`hidden_${index}`, 'float32', ['batch', 'tokens', shape.hiddenSize]);
  const pooled = appendPooling(graph, hidden, mask64, options.pooling.mode);
  graph.output(pooled, 'float32', ['batch', shape.hiddenSize]);
  if (options.head)
    appendHead(graph, hidden, pooled, options.head, options.bits === 32 ? undefined : (options.int8Limit ?? 127));
  return graph.plan();
}

/** The smallest network that still answers: averaged word vectors under a head. */
function planBag(
  graph: GraphBuilder,
  emit: EncoderEmitter,
  { ids, mask64 }: { readonly ids: string; readonly mask64: string | undefined },
  shape: EncoderShape,
  options: EncoderOptions,
): PlannedGraph {
  const words = emit.wordsAlone(ids);
  const table = graph.weight('bag.weights', 'float32', [shape.vocabSize], concatenated(['bag.weights']));
  const weights = graph.node('Gather', [table, ids], { axis: 0 }, 'token_weights');
  const pooled = appendPooling(graph, words, mask64, 'mean', weights);
  graph.output(pooled, 'float32', ['batch', shape.hiddenSize]);
  if (options.head)
    appendHead(graph, words, pooled, options.head, options.bits === 32 ? undefined : (options.int8Limit ?? 127));
  return graph.plan();
}

class EncoderEmitter {
  private readonly limit: number;
  private readonly nibbleBlock: number;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly shape: EncoderShape,
    private readonly options: EncoderOptions,
  ) {
    this.limit = options.int8Limit ?? 127;
    this.nibbleBlock = options.nibbleBlock ?? NIBBLE_BLOCK;
  }

  /** Word and position embeddings, normalised: [batch, tokens, hidden]. */
  embeddings(ids: string, outputName: string | undefined): string {
    const { graph, shape } = this;
    const { hiddenSize, maxTokens } = shape;
    const positions = graph.weight(
      'positions',
      'float32',
      [maxTokens, hiddenSize],
      positionsOfOneSegment(
        'embeddings.position_embeddings.weight',
        shape.tokenTypes ? 'embeddings.token_type_embeddings.weight' : undefined,
        maxTokens,
      ),
    );
    const tokens = graph.node('Shape', [ids], { start: 1, end: 2 }, 'tokens');
    const used = graph.node('Slice', [positions, graph.ints('zero', [0]), tokens, graph.ints('first_axis', [0])]);
    return this.normalise(graph.node('Add', [this.words(ids), used]), 'embeddings.LayerNorm', outputName ?? 'embedded');
  }

  /** Word vectors without positions, normalised: [batch, tokens, hidden]. */
  wordsAlone(ids: string): string {
    return this.normalise(this.words(ids), 'embeddings.LayerNorm', 'embedded');
  }

  /** Rows of the word embedding table: [batch, tokens, hidden]. */
  private words(ids: string): string {
    const { graph, shape } = this;
    const { hiddenSize, vocabSize } = shape;
    const name = 'embeddings.word_embeddings.weight';
    if (this.options.bits === 32) {
      const rows = graph.weight(name, 'float32', [vocabSize, hiddenSize], table(name, vocabSize));
      return graph.node('Gather', [rows, ids], { axis: 0 }, 'words');
    }
    if (this.options.bits === 4 && hiddenSize % 2 === 0) return this.nibbleWords(ids, name);
    const block = embeddingBlock(hiddenSize);
    const quantised = blockQuantisedTable(name, vocabSize, hiddenSize, block);
    const rows = graph.weight(name, 'int8', [vocabSize, hiddenSize], quantised.values);
    const scales = graph.weight(
      `${name}.scales`,
      'float32',
      [vocabSize, Math.ceil(hiddenSize / block)],
      quantised.scales,
    );
    // Three operators, quicker together than `GatherBlockQuantized`, which 8 bits do not need.
    const [values, scale] = [rows, scales].map((from) => graph.node('Gather', [from, ids], { axis: 0 }));
    return graph.node('DequantizeLinear', [values, scale], { axis: 2, block_size: block }, 'words');
  }

  private nibbleWords(ids: string, name: string): string {
    const { graph, shape } = this;
    const { hiddenSize, vocabSize } = shape;
    const quantised = nibbleTable(name, vocabSize, hiddenSize, this.nibbleBlock);
    const rows = graph.weight(name, 'uint8', [vocabSize, hiddenSize / 2], quantised.values);
    const blocks = Math.ceil(hiddenSize / this.nibbleBlock);
    const scales = graph.weight(`${name}.scales`, 'float32', [vocabSize, blocks], quantised.scales);
    const attributes = { gather_axis: 0, quantize_axis: 1, block_size: this.nibbleBlock, bits: 4 };
    return graph.fused('GatherBlockQuantized', [rows, ids, scales], attributes, 'words');
  }

  /** One encoder layer: attention and feed-forward, each with its residual and normalisation. */
  layer(index: number, input: string, mask: string, outputName: string | undefined): string {
    const { shape } = this;
    const { heads, neurons } = shape.layers[index];
    const { qkv, up, copies = [], down } = this.options.smoothing?.[index] ?? {};
    const at = `encoder.layer.${index}`;
    const width = heads * shape.headSize;
    const parts = ['query', 'key', 'value'].map((part) => `${at}.attention.self.${part}`);
    const context = this.attention(`layer${index}`, this.scaled(input, qkv, `range_qkv_${index}`), mask, heads, {
      weights: parts.map((name) => `${name}.weight`),
      biases: parts.map((name) => `${name}.bias`),
      inputs: shape.hiddenSize,
      outputs: 3 * width,
      inputMultiplier: qkv,
    });
    const projected = this.linear(context, dense(`${at}.attention.output.dense`, width, shape.hiddenSize));
    const attended = this.residual(projected, input, `${at}.attention.output.LayerNorm`, `layer${index}.attended`);
    const inner = neurons + copies.length;
    const raised = this.linear(this.scaled(attended, up, `range_up_${index}`), {
      ...dense(`${at}.intermediate.dense`, shape.hiddenSize, inner),
      inputMultiplier: up,
      outputCopies: copies,
    });
    const lowered = this.linear(this.scaled(this.activate(raised), down, `range_down_${index}`), {
      ...dense(`${at}.output.dense`, inner, shape.hiddenSize),
      inputCopies: copies,
    });
    return this.residual(lowered, attended, `${at}.output.LayerNorm`, outputName ?? `layer${index}.output`);
  }

  /** The input of a quantised product, evened out; measured too where the options ask for ranges. */
  private scaled(input: string, multiplier: Float32Array | undefined, range: string): string {
    const { graph } = this;
    if (this.options.ranges) {
      const axes = graph.ints(`${range}.axes`, [0, 1]);
      graph.node('ReduceMax', [graph.node('Abs', [input]), axes], { keepdims: 0 }, range);
      graph.output(range, 'float32', [`${range}.size`]);
    }
    if (!multiplier || this.options.bits !== 8) return input;
    return graph.node('Mul', [input, graph.floats(`${range}.multiplier`, [...multiplier])]);
  }

  private attention(name: string, input: string, mask: string, heads: number, qkv: Dense): string {
    const { graph } = this;
    if (this.options.bits === 8) return this.quantisedAttention(name, input, mask, heads, qkv);
    const packed = this.linear(input, qkv, `${name}.qkv`);
    const parts = graph.many('Split', [packed], { axis: -1, num_outputs: 3 }, [`${name}.q`, `${name}.k`, `${name}.v`]);
    return graph.fused('MultiHeadAttention', [...parts, '', mask], { num_heads: heads }, `${name}.context`);
  }

  /** The products of queries, keys and values and all that follows in one operator: each head's part is still in the cache. */
  private quantisedAttention(name: string, input: string, mask: string, heads: number, qkv: Dense): string {
    const { graph } = this;
    const { weight, scales, bias } = this.int8Weights(qkv, `${name}.qkv`);
    const parts = [`${name}.input`, `${name}.input.scale`, `${name}.input.zero`];
    const [values, scale, zero] = graph.many('DynamicQuantizeLinear', [input], {}, parts);
    const inputs = [values, weight, bias, scale, scales, mask, zero];
    return graph.fused('QAttention', inputs, { num_heads: heads }, `${name}.context`);
  }

  /** input [batch, tokens, in] × weights + bias → [batch, tokens, out]. */
  private linear(input: string, layer: Dense, name = layer.weights[0]): string {
    const { graph } = this;
    if (this.options.bits === 8) {
      const { weight, scales, bias } = this.int8Weights(layer, name);
      return graph.fused('DynamicQuantizeMatMul', [input, weight, scales, '', bias]);
    }
    const bias = this.bias(layer, name);
    if (this.options.bits === 32) {
      const weight = graph.weight(name, 'float32', [layer.inputs, layer.outputs], transposed(layer));
      return graph.node('Add', [graph.node('MatMul', [input, weight]), bias]);
    }
    const blocks = Math.ceil(layer.inputs / this.nibbleBlock);
    const quantised = nibbles(layer, this.nibbleBlock);
    const packed = [layer.outputs, blocks, this.nibbleBlock / 2];
    const weight = graph.weight(name, 'uint8', packed, quantised.values);
    const scales = graph.weight(`${name}.scales`, 'float32', [layer.outputs, blocks], quantised.scales);
    // Level 4: products of 8-bit activations, each block with a scale of its own, the quickest form on every processor tried.
    const attributes = { K: layer.inputs, N: layer.outputs, bits: 4, block_size: this.nibbleBlock, accuracy_level: 4 };
    return graph.fused('MatMulNBits', [input, weight, scales, '', '', bias], attributes);
  }

  private bias(layer: Dense, name: string): string {
    return this.graph.weight(`${name}.bias`, 'float32', [layer.outputs], biasesOf(layer));
  }

  /** [in, out] in 8 bits, a scale an output channel. */
  private int8Weights(layer: Dense, name: string) {
    const quantised = transposedInt8(layer, this.limit);
    return {
      bias: this.bias(layer, name),
      weight: this.graph.weight(name, 'int8', [layer.inputs, layer.outputs], quantised.values),
      scales: this.graph.weight(`${name}.scales`, 'float32', [layer.outputs], quantised.scales),
    };
  }

  private activate(input: string): string {
    if (this.shape.activation === 'gelu') return this.graph.node('Gelu', [input]);
    if (this.shape.activation === 'gelu_new') return this.graph.node('Gelu', [input], { approximate: 'tanh' });
    return this.graph.node('Relu', [input]);
  }

  private residual(input: string, skip: string, norm: string, name: string): string {
    return this.normalise(this.graph.node('Add', [input, skip]), norm, name);
  }

  /** Not `SkipLayerNormalization`: onnxruntime's for the CPU takes five times as long as a sum and a normalisation. */
  private normalise(input: string, norm: string, name: string): string {
    const { graph, shape } = this;
    const vectors = ['weight', 'bias'].map((part) =>
      graph.weight(`${norm}.${part}`, 'float32', [shape.hiddenSize], concatenated([`${norm}.${part}`])),
    );
    const attributes = { axis: -1, epsilon: { f: shape.layerNormEps } };
    return graph.node('LayerNormalization', [input, ...vectors], attributes, name);
  }
}

const dense = (name: string, inputs: number, outputs: number): Dense => ({
  weights: [`${name}.weight`],
  biases: [`${name}.bias`],
  inputs,
  outputs,
});
