/** The classification head: Snug's own, fitted on pooled vectors, or the one that the checkpoint brought. */
import type { GraphBuilder } from './graph-builder.js';
import { firstToken } from './pooling.js';
import { concatenated, table, transposed } from './weights.js';

/**
 * `fitted`: logits = W z + b over pooled vectors z (of length one where `normalize`), and the cosine to the nearest of
 * `prototypes` unit vectors. `checkpoint`: the first token through a dense layer, an activation and the classifier.
 */
export type HeadShape =
  | {
      readonly kind: 'fitted';
      readonly labels: number;
      readonly hiddenSize: number;
      readonly prototypes: number;
      readonly normalize: boolean;
    }
  | {
      readonly kind: 'checkpoint';
      readonly labels: number;
      readonly hiddenSize: number;
      readonly activation: 'tanh' | 'relu';
    };

/** Names of a head's tensors in the source. */
export const headTensors = {
  weight: 'head.weight',
  bias: 'head.bias',
  prototypes: 'head.prototypes',
  dense: 'head.dense',
  classifier: 'head.classifier',
} as const;

/** Appends `logits` [batch, labels], and `similarity` [batch, 1] where there are prototypes. */
export function appendHead(graph: GraphBuilder, hidden: string, pooled: string, head: HeadShape): void {
  const size = head.hiddenSize;
  if (head.kind === 'checkpoint') {
    const { dense, classifier } = headTensors;
    const one = { weights: [`${dense}.weight`], biases: [], inputs: size, outputs: size };
    const weight = graph.weight(`${dense}.weight`, 'float32', [size, size], transposed(one));
    const bias = graph.weight(`${dense}.bias`, 'float32', [size], concatenated([`${dense}.bias`]));
    const shaped = graph.node('Gemm', [firstToken(graph, hidden), weight, bias]);
    const active = graph.node(head.activation === 'tanh' ? 'Tanh' : 'Relu', [shaped]);
    linear(graph, active, `${classifier}.weight`, `${classifier}.bias`, head);
    return;
  }
  const vector = head.normalize ? graph.node('LpNormalization', [pooled], { axis: -1, p: 2 }, 'unit') : pooled;
  linear(graph, vector, headTensors.weight, headTensors.bias, head);
  if (head.prototypes === 0) return;
  const name = headTensors.prototypes;
  const prototypes = graph.weight(name, 'float32', [head.prototypes, size], table(name, head.prototypes));
  const unit = head.normalize ? vector : graph.node('LpNormalization', [pooled], { axis: -1, p: 2 }, 'unit');
  const cosines = graph.node('Gemm', [unit, prototypes], { transB: 1 }, 'cosines');
  graph.node('ReduceMax', [cosines, graph.ints('label_axis', [1])], { keepdims: 1 }, 'similarity');
  graph.output('similarity', 'float32', ['batch', 1]);
}

function linear(
  graph: GraphBuilder,
  vector: string,
  weightName: string,
  biasName: string,
  head: { readonly labels: number; readonly hiddenSize: number },
): void {
  const weight = graph.weight(weightName, 'float32', [head.labels, head.hiddenSize], table(weightName, head.labels));
  const bias = graph.weight(biasName, 'float32', [head.labels], concatenated([biasName]));
  graph.node('Gemm', [vector, weight, bias], { transB: 1 }, 'logits');
  graph.output('logits', 'float32', ['batch', head.labels]);
}
