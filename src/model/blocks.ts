/**
 * Pieces of an encoder layer as graphs of their own, their weights fed like data. A network that is still being worked out is
 * run with them layer by layer; texts of one length run together, so nothing is padded or masked.
 */
import type { Activation } from './encoder.js';
import { GraphBuilder } from './graph-builder.js';
import { noWeights } from './no-weights.js';

/** hidden [batch, tokens, k], weight [k, 3 × heads × headSize] (queries, keys, values), bias → `context` [batch, tokens, heads × headSize]. */
export function attentionGraph(heads: number): Promise<Uint8Array> {
  const graph = new GraphBuilder('attention');
  const hidden = graph.input('hidden', 'float32', ['batch', 'tokens', 'k']);
  const packed = affine(graph, hidden);
  const parts = graph.many('Split', [packed], { axis: -1, num_outputs: 3 }, ['q', 'k', 'v']);
  graph.fused('MultiHeadAttention', parts, { num_heads: heads }, 'context');
  graph.output('context', 'float32', ['batch', 'tokens', 'width']);
  return graph.plan().encode(noWeights, '');
}

/** hidden [rows, k], weight [k, neurons], bias → `inner` [rows, neurons], activated. */
export function innerGraph(activation: Activation): Promise<Uint8Array> {
  const graph = new GraphBuilder('inner');
  const raised = affine(graph, graph.input('hidden', 'float32', ['rows', 'k']));
  if (activation === 'relu') graph.node('Relu', [raised], {}, 'inner');
  else graph.node('Gelu', [raised], activation === 'gelu_new' ? { approximate: 'tanh' } : {}, 'inner');
  graph.output('inner', 'float32', ['rows', 'neurons']);
  return graph.plan().encode(noWeights, '');
}

/** x [rows, in], weight [in, k], bias, skip [rows, k] → `sum` [rows, k], and `normalised`: the same with mean 0 and variance 1 a row. */
export function residualGraph(epsilon: number): Promise<Uint8Array> {
  const graph = new GraphBuilder('residual');
  const lowered = affine(graph, graph.input('hidden', 'float32', ['rows', 'in']));
  const sum = graph.node('Add', [lowered, graph.input('skip', 'float32', ['rows', 'k'])], {}, 'sum');
  const one = graph.input('one', 'float32', ['k']);
  graph.node('LayerNormalization', [sum, one], { axis: -1, epsilon: { f: epsilon } }, 'normalised');
  for (const name of ['sum', 'normalised']) graph.output(name, 'float32', ['rows', 'k']);
  return graph.plan().encode(noWeights, '');
}

/** a [rows, p], b [rows, q] → `product` [p, q] = aᵀb. */
export function momentGraph(): Promise<Uint8Array> {
  const graph = new GraphBuilder('moment');
  const a = graph.input('a', 'float32', ['rows', 'p']);
  const b = graph.input('b', 'float32', ['rows', 'q']);
  graph.node('Gemm', [a, b], { transA: 1 }, 'product');
  graph.output('product', 'float32', ['p', 'q']);
  return graph.plan().encode(noWeights, '');
}

function affine(graph: GraphBuilder, input: string): string {
  const weight = graph.input('weight', 'float32', ['from', 'to']);
  return graph.node('Add', [graph.node('MatMul', [input, weight]), graph.input('bias', 'float32', ['to'])]);
}

/** a [n, k], b [k, m] → `product` [n, m]. */
export function productGraph(): Promise<Uint8Array> {
  const graph = new GraphBuilder('product');
  const a = graph.input('a', 'float32', ['n', 'k']);
  graph.node('MatMul', [a, graph.input('b', 'float32', ['k', 'm'])], {}, 'product');
  graph.output('product', 'float32', ['n', 'm']);
  return graph.plan().encode(noWeights, '');
}
