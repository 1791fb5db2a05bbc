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
  positionsOfOneSegment,
  scalesInt8,
  table,
  transposed,
  transposedInt8,
} from './weights.js';

export type Bits = 32 | 8;
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
  readonly head?: HeadShape;
  /** Largest magnitude of 8-bit weights: 63 where the processor's products of 8-bit numbers saturate. */
  readonly int8Limit?: number;
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

/**
 * Plans the graph. Inputs `input_ids` and `attention_mask`, int64 [batch, tokens], padded on the right; outputs `pooled`
 * [batch, hidden] and the head's. Tensor names are those of a BERT checkpoint without prefix.
 */
export function planEncoder(shape: EncoderShape, options: EncoderOptions): PlannedGraph {
  const graph = new GraphBuilder('encoder');
  const emit = new EncoderEmitter(graph, shape, options);
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask64 = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const mask = graph.node('Cast', [mask64], { to: 6 }, 'mask');
  let hidden = emit.embeddings(ids, options.hiddenStates ? 'hidden_0' : undefined);
  for (let index = 0; index < shape.layers.length; index++)
    hidden = emit.layer(index, hidden, mask, options.hiddenStates ? `hidden_${index + 1}` : undefined);
  if (options.hiddenStates)
    for (let index = 0; index <= shape.layers.length; index++)
      graph.output(`hidden_${index}`, 'float32', ['batch', 'tokens', shape.hiddenSize]);
  const pooled = appendPooling(graph, hidden, mask64, options.pooling.mode);
  graph.output(pooled, 'float32', ['batch', shape.hiddenSize]);
  if (options.head) appendHead(graph, hidden, pooled, options.head);
  return graph.plan();
}

class EncoderEmitter {
  private readonly limit: number;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly shape: EncoderShape,
    private readonly options: EncoderOptions,
  ) {
    this.limit = options.int8Limit ?? 127;
  }

  /** Word and position embeddings, normalised: [batch, tokens, hidden]. */
  embeddings(ids: string, outputName: string | undefined): string {
    const { graph, shape } = this;
    const { hiddenSize, vocabSize, maxTokens } = shape;
    const word = 'embeddings.word_embeddings.weight';
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
    const [gamma, beta] = this.norm('embeddings.LayerNorm');
    const epsilon = { epsilon: { f: shape.layerNormEps } };
    const name = outputName ?? 'embedded';
    if (this.options.bits === 32) {
      const words = graph.weight(word, 'float32', [vocabSize, hiddenSize], table(word, vocabSize));
      const ids32 = graph.node('Cast', [ids], { to: 6 }, 'ids32');
      const inputs = [ids32, '', words, positions, '', gamma, beta];
      // The operator has a second output, the mask's lengths, that nothing here needs.
      return graph.many('EmbedLayerNormalization', inputs, epsilon, [name, 'lengths'], 'com.microsoft')[0];
    }
    const block = embeddingBlock(hiddenSize);
    const quantised = blockQuantisedTable(word, vocabSize, hiddenSize, block);
    const words = graph.fused(
      'GatherBlockQuantized',
      [
        graph.weight(word, 'uint8', [vocabSize, hiddenSize], quantised.values),
        ids,
        graph.weight(`${word}.scales`, 'float32', [vocabSize, Math.ceil(hiddenSize / block)], quantised.scales),
      ],
      { gather_axis: 0, quantize_axis: 1, block_size: block, bits: 8 },
      'words',
    );
    const tokens = graph.node('Shape', [ids], { start: 1, end: 2 }, 'tokens');
    const used = graph.node('Slice', [positions, graph.ints('zero', [0]), tokens, graph.ints('first_axis', [0])]);
    return graph.fused('SkipLayerNormalization', [words, used, gamma, beta], epsilon, name);
  }

  /** One encoder layer: attention and feed-forward, each with its residual and normalisation. */
  layer(index: number, input: string, mask: string, outputName: string | undefined): string {
    const { graph, shape } = this;
    const { heads, neurons } = shape.layers[index];
    const { qkv, up, copies = [], down } = this.options.smoothing?.[index] ?? {};
    const at = `encoder.layer.${index}`;
    const width = heads * shape.headSize;
    const inner = neurons + copies.length;
    const parts = ['query', 'key', 'value'].map((part) => `${at}.attention.self.${part}`);
    const context = this.attention(`layer${index}`, this.scaled(input, qkv, `range_qkv_${index}`), mask, heads, {
      weights: parts.map((name) => `${name}.weight`),
      biases: parts.map((name) => `${name}.bias`),
      inputs: shape.hiddenSize,
      outputs: 3 * width,
      inputMultiplier: qkv,
    });
    const output = dense(`${at}.attention.output.dense`, width, shape.hiddenSize);
    const attended = this.residual(
      context,
      output,
      input,
      `${at}.attention.output.LayerNorm`,
      `layer${index}.attended`,
    );
    const inwards: Dense = {
      ...dense(`${at}.intermediate.dense`, shape.hiddenSize, inner),
      inputMultiplier: up,
      outputCopies: copies,
    };
    const raised = this.product(this.scaled(attended, up, `range_up_${index}`), inwards);
    const active = this.activate(raised, graph.weight(inwards.biases[0], 'float32', [inner], biasesOf(inwards)));
    const outwards: Dense = { ...dense(`${at}.output.dense`, inner, shape.hiddenSize), inputCopies: copies };
    const name = outputName ?? `layer${index}.output`;
    return this.residual(
      this.scaled(active, down, `range_down_${index}`),
      outwards,
      attended,
      `${at}.output.LayerNorm`,
      name,
    );
  }

  /** The input of a quantised product, evened out; measured too where the options ask for ranges. */
  private scaled(input: string, multiplier: Float32Array | undefined, range: string): string {
    const { graph } = this;
    if (this.options.ranges) {
      const axes = graph.ints(`${range}.axes`, [0, 1]);
      graph.node('ReduceMax', [graph.node('Abs', [input]), axes], { keepdims: 0 }, range);
      graph.output(range, 'float32', [`${range}.size`]);
    }
    if (!multiplier || this.options.bits === 32) return input;
    return graph.node('Mul', [input, graph.floats(`${range}.multiplier`, [...multiplier])]);
  }

  /** Projects, adds bias and residual, normalises. */
  private residual(input: string, projection: Dense, skip: string, norm: string, name: string): string {
    const { graph, shape } = this;
    const bias = graph.weight(projection.biases[0], 'float32', [shape.hiddenSize], biasesOf(projection));
    const inputs = [this.product(input, projection), skip, ...this.norm(norm), bias];
    return graph.fused('SkipLayerNormalization', inputs, { epsilon: { f: shape.layerNormEps } }, name);
  }

  private attention(name: string, input: string, mask: string, heads: number, qkv: Dense): string {
    const { graph } = this;
    const bias = graph.weight(`${name}.qkv.bias`, 'float32', [qkv.outputs], biasesOf(qkv));
    if (this.options.bits === 32) {
      const weight = graph.weight(`${name}.qkv`, 'float32', [qkv.inputs, qkv.outputs], transposed(qkv));
      const size = qkv.outputs / 3;
      const attributes = { num_heads: heads, qkv_hidden_sizes: [size, size, size] };
      return graph.fused('Attention', [input, weight, bias, mask], attributes, `${name}.context`);
    }
    const packed = this.product(input, qkv, bias, `${name}.qkv`);
    const parts = graph.many('Split', [packed], { axis: -1, num_outputs: 3 }, [`${name}.q`, `${name}.k`, `${name}.v`]);
    return graph.fused('MultiHeadAttention', [...parts, '', mask], { num_heads: heads }, `${name}.context`);
  }

  /** input [batch, tokens, in] × weights → [batch, tokens, out]. */
  private product(input: string, layer: Dense, bias?: string, name = layer.weights[0]): string {
    const { graph, limit } = this;
    if (this.options.bits === 32) {
      const weight = graph.weight(name, 'float32', [layer.inputs, layer.outputs], transposed(layer));
      return graph.node('MatMul', [input, weight]);
    }
    const weight = graph.weight(name, 'int8', [layer.inputs, layer.outputs], transposedInt8(layer, limit));
    const scales = graph.weight(`${name}.scales`, 'float32', [layer.outputs], scalesInt8(layer, limit));
    return graph.fused('DynamicQuantizeMatMul', [input, weight, scales, ...(bias ? ['', bias] : [])]);
  }

  private activate(input: string, bias: string): string {
    if (this.shape.activation === 'gelu') return this.graph.fused('BiasGelu', [input, bias]);
    if (this.shape.activation === 'gelu_new') return this.graph.fused('FastGelu', [input, bias]);
    return this.graph.node('Relu', [this.graph.node('Add', [input, bias])]);
  }

  private norm(name: string): [gamma: string, beta: string] {
    const size = [this.shape.hiddenSize];
    return [
      this.graph.weight(`${name}.weight`, 'float32', size, concatenated([`${name}.weight`])),
      this.graph.weight(`${name}.bias`, 'float32', size, concatenated([`${name}.bias`])),
    ];
  }
}

const dense = (name: string, inputs: number, outputs: number): Dense => ({
  weights: [`${name}.weight`],
  biases: [`${name}.bias`],
  inputs,
  outputs,
});
