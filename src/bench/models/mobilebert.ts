/**
 * MobileBERT (Sun et al., arXiv 2004.02984) as an ONNX graph in float32: a narrow embedding widened over three neighbouring
 * tokens, and layers that work in a bottleneck of 128 between states of 512, with four feed-forward networks each and a
 * normalisation that is no more than a scale and a shift.
 */
import { GraphBuilder, type PlannedGraph } from '../../model/index.js';
import type { TensorShapes } from './random-source.js';

/** The published uncased model. */
export const mobileBert = {
  vocabSize: 30_522,
  positions: 512,
  embeddingSize: 128,
  hiddenSize: 512,
  bottleneckSize: 128,
  layers: 24,
  heads: 4,
  neurons: 512,
  feedForwards: 4,
} as const;

export interface MobileBert {
  readonly plan: PlannedGraph;
  /** Of the checkpoint's tensors, as the graph reads them: matrices [out, in]. */
  readonly tensors: TensorShapes;
}

/**
 * Plans the graph with a linear head of `labels` on the mean of the last states. Inputs and outputs as `planEncoder`'s, without
 * `similarity`. Fewer layers than the published model's are for trying the graph out.
 */
export function planMobileBert(labels: number, layers: number = mobileBert.layers): MobileBert {
  const emit = new MobileBertEmitter(layers);
  return { plan: emit.plan(labels), tensors: emit.tensors };
}

class MobileBertEmitter {
  readonly tensors = new Map<string, readonly number[]>();
  private readonly graph = new GraphBuilder('mobilebert');

  constructor(private readonly layers: number) {}

  plan(labels: number): PlannedGraph {
    const { graph } = this;
    const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
    const mask64 = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
    const mask = graph.node('Cast', [mask64], { to: 6 }, 'mask');
    let hidden = this.embeddings(ids);
    for (let index = 0; index < this.layers; index++) hidden = this.layer(`encoder.layer.${index}`, hidden, mask);
    const pooled = this.meanOf(hidden, mask64);
    graph.output(pooled, 'float32', ['batch', mobileBert.hiddenSize]);
    this.linear('classifier', pooled, mobileBert.hiddenSize, labels, 'logits');
    graph.output('logits', 'float32', ['batch', labels]);
    return graph.plan();
  }

  /** Each token's narrow vector beside its neighbours', widened: [batch, tokens, hidden]. */
  private embeddings(ids: string): string {
    const { graph } = this;
    const { vocabSize, embeddingSize, hiddenSize, positions } = mobileBert;
    const table = this.weight('embeddings.word_embeddings.weight', [vocabSize, embeddingSize]);
    const words = graph.node('Gather', [table, ids], { axis: 0 }, 'words');
    // Zeros stand for what comes before the first token and after the last.
    const [starts, ends] = [graph.ints('from_second', [1]), graph.ints('to_last', [-1])];
    const [all, axis] = [graph.ints('to_end', [Number.MAX_SAFE_INTEGER]), graph.ints('token_axis', [1])];
    const next = graph.node('Pad', [
      graph.node('Slice', [words, starts, all, axis]),
      graph.ints('pad_after', [0, 0, 0, 0, 1, 0]),
    ]);
    const before = graph.node('Pad', [
      graph.node('Slice', [words, graph.ints('from_first', [0]), ends, axis]),
      graph.ints('pad_before', [0, 1, 0, 0, 0, 0]),
    ]);
    const three = graph.node('Concat', [next, words, before], { axis: 2 });
    const wide = this.linear('embeddings.embedding_transformation', three, 3 * embeddingSize, hiddenSize);
    const table2 = this.weight('embeddings.position_embeddings.weight', [positions, hiddenSize]);
    const tokens = graph.node('Shape', [ids], { start: 1, end: 2 }, 'tokens');
    const used = graph.node('Slice', [table2, graph.ints('zero', [0]), tokens, graph.ints('first_axis', [0])]);
    const types = this.weight('embeddings.token_type_embeddings.weight', [2, hiddenSize]);
    const type = graph.node('Slice', [types, 'zero', graph.ints('one', [1]), 'first_axis']);
    return this.noNorm('embeddings.NoNorm', graph.node('Add', [graph.node('Add', [wide, used]), type]), hiddenSize);
  }

  private layer(at: string, input: string, mask: string): string {
    const { graph } = this;
    const { hiddenSize: hidden, bottleneckSize: narrow, heads, feedForwards } = mobileBert;
    const layerInput = this.narrowed(`${at}.bottleneck.input`, input);
    // Queries and keys share a bottleneck of their own; values are made of the wide states.
    const shared = this.narrowed(`${at}.bottleneck.attention`, input);
    const query = this.linear(`${at}.attention.self.query`, shared, narrow, narrow);
    const key = this.linear(`${at}.attention.self.key`, shared, narrow, narrow);
    const value = this.linear(`${at}.attention.self.value`, input, hidden, narrow);
    const context = graph.fused('MultiHeadAttention', [query, key, value, '', mask], { num_heads: heads });
    const projected = this.linear(`${at}.attention.output.dense`, context, narrow, narrow);
    let states = this.residual(`${at}.attention.output.NoNorm`, projected, layerInput, narrow);
    for (let index = 0; index < feedForwards - 1; index++) states = this.feedForward(`${at}.ffn.${index}`, states);
    states = this.feedForward(at, states);
    const widened = this.linear(`${at}.output.bottleneck.dense`, states, narrow, hidden);
    return this.residual(`${at}.output.bottleneck.NoNorm`, widened, input, hidden);
  }

  private feedForward(at: string, input: string): string {
    const { bottleneckSize: narrow, neurons } = mobileBert;
    const raised = this.linear(`${at}.intermediate.dense`, input, narrow, neurons);
    const lowered = this.linear(`${at}.output.dense`, this.graph.node('Relu', [raised]), neurons, narrow);
    return this.residual(`${at}.output.NoNorm`, lowered, input, narrow);
  }

  private narrowed(at: string, input: string): string {
    const { hiddenSize, bottleneckSize } = mobileBert;
    const dense = this.linear(`${at}.dense`, input, hiddenSize, bottleneckSize);
    return this.noNorm(`${at}.NoNorm`, dense, bottleneckSize);
  }

  private residual(norm: string, input: string, skip: string, size: number): string {
    return this.noNorm(norm, this.graph.node('Add', [input, skip]), size);
  }

  /** A scale and a shift: the paper's way around the cost of a layer normalisation. */
  private noNorm(name: string, input: string, size: number): string {
    const scaled = this.graph.node('Mul', [input, this.weight(`${name}.weight`, [size])]);
    return this.graph.node('Add', [scaled, this.weight(`${name}.bias`, [size])]);
  }

  private linear(name: string, input: string, inputs: number, outputs: number, output?: string): string {
    const { graph } = this;
    this.tensors.set(`${name}.weight`, [outputs, inputs]);
    const weight = graph.weight(`${name}.weight`, 'float32', [inputs, outputs], async function* (source) {
      const matrix = await source.read(`${name}.weight`);
      const turned = new Float32Array(matrix.length);
      for (let row = 0; row < outputs; row++)
        for (let column = 0; column < inputs; column++) turned[column * outputs + row] = matrix[row * inputs + column];
      yield new Uint8Array(turned.buffer);
    });
    const product = graph.node('MatMul', [input, weight]);
    return graph.node('Add', [product, this.weight(`${name}.bias`, [outputs])], {}, output);
  }

  private weight(name: string, shape: readonly number[]): string {
    this.tensors.set(name, shape);
    return this.graph.weight(name, 'float32', shape, async function* (source) {
      const { buffer, byteOffset, byteLength } = await source.read(name);
      yield new Uint8Array(buffer, byteOffset, byteLength);
    });
  }

  /** Mean of the tokens' vectors that the mask lets through: [batch, hidden]. */
  private meanOf(hidden: string, mask: string): string {
    const { graph } = this;
    const weights = graph.node('Cast', [mask], { to: 1 });
    const row = graph.node('Unsqueeze', [weights, 'token_axis']);
    const sum = graph.node('Squeeze', [graph.node('MatMul', [row, hidden]), 'token_axis']);
    const count = graph.node('ReduceSum', [weights, 'token_axis'], { keepdims: 1 });
    return graph.node('Div', [sum, count], {}, 'pooled');
  }
}
