/** One vector from the tokens' vectors, as the sentence-transformers pooling files say. */
import type { GraphBuilder } from './graph-builder.js';

export type PoolingMode = 'mean' | 'cls' | 'max' | 'mean_sqrt_len';

/**
 * Appends the pooling of hidden [batch, tokens, hidden] under an int64 mask [batch, tokens], or of all tokens where there is no
 * mask; output `pooled` [batch, hidden].
 * `tokenWeights` [batch, tokens] weigh a mean.
 */
export function appendPooling(
  graph: GraphBuilder,
  hidden: string,
  mask: string | undefined,
  mode: PoolingMode,
  tokenWeights?: string,
): string {
  if (mode === 'cls') return firstToken(graph, hidden, 'pooled');
  if (mask === undefined) return poolAll(graph, hidden, mode, tokenWeights);
  const weights = graph.node('Cast', [mask], { to: 1 }, 'mask_float');
  if (mode === 'max') {
    const shifted = graph.node('Mul', [
      graph.node('Sub', [weights, graph.floats('one', [1])]),
      graph.floats('far_below', [1e9]),
    ]);
    const open = graph.node('Unsqueeze', [shifted, graph.ints('last_axis', [2])]);
    return graph.node(
      'ReduceMax',
      [graph.node('Add', [hidden, open]), graph.ints('token_axis', [1])],
      { keepdims: 0 },
      'pooled',
    );
  }
  const axis = graph.ints('token_axis', [1]);
  const weighed = tokenWeights === undefined ? weights : graph.node('Mul', [weights, tokenWeights]);
  const row = graph.node('Unsqueeze', [weighed, axis]);
  const sum = graph.node('Squeeze', [graph.node('MatMul', [row, hidden], {}, 'token_sum'), axis]);
  const count = graph.node('ReduceSum', [weights, axis], { keepdims: 1 }, 'token_count');
  const divisor = mode === 'mean' ? count : graph.node('Sqrt', [count]);
  return graph.node('Div', [sum, divisor], {}, 'pooled');
}

/** The same where every token counts. */
function poolAll(
  graph: GraphBuilder,
  hidden: string,
  mode: Exclude<PoolingMode, 'cls'>,
  tokenWeights: string | undefined,
): string {
  const axis = graph.ints('token_axis', [1]);
  if (mode === 'max') return graph.node('ReduceMax', [hidden, axis], { keepdims: 0 }, 'pooled');
  const column = tokenWeights && graph.node('Unsqueeze', [tokenWeights, graph.ints('last_axis', [2])]);
  const weighed = column ? graph.node('Mul', [hidden, column]) : hidden;
  if (mode === 'mean') return graph.node('ReduceMean', [weighed, axis], { keepdims: 0 }, 'pooled');
  const sum = graph.node('ReduceSum', [weighed, axis], { keepdims: 0 }, 'token_sum');
  const count = graph.node('Cast', [graph.node('Shape', [hidden], { start: 1, end: 2 })], { to: 1 }, 'token_count');
  return graph.node('Div', [sum, graph.node('Sqrt', [count])], {}, 'pooled');
}

/** hidden [batch, tokens, hidden] → the first token's vector [batch, hidden]. */
export function firstToken(graph: GraphBuilder, hidden: string, name = 'first_token'): string {
  return graph.node(
    'Squeeze',
    [
      graph.node('Slice', [
        hidden,
        graph.ints('cls_from', [0]),
        graph.ints('cls_to', [1]),
        graph.ints('cls_axis', [1]),
      ]),
      'cls_axis',
    ],
    {},
    name,
  );
}
