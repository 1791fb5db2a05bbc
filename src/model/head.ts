/** The classification head: Snug's own, fitted on pooled vectors, or the one that the checkpoint brought. */
import type { GraphBuilder } from './graph-builder.js';
import { firstToken } from './pooling.js';
import { concatenated, table, transposed, transposedInt8 } from './weights.js';

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
      /** Channels that it reads, and those of its own dense layer. */
      readonly inputSize: number;
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

/** Appends `logits` [batch, labels], and `similarity` [batch, 1] where there are prototypes, in 8 bits where a limit is given. */
export function appendHead(
  graph: GraphBuilder,
  hidden: string,
  pooled: string,
  head: HeadShape,
  int8Limit: number | undefined,
): void {
  const size = head.hiddenSize;
  if (head.kind === 'checkpoint') {
    const { dense, classifier } = headTensors;
    const one = { weights: [`${dense}.weight`], biases: [], inputs: head.inputSize, outputs: size };
    const weight = graph.weight(`${dense}.weight`, 'float32', [head.inputSize, size], transposed(one));
    const bias = graph.weight(`${dense}.bias`, 'float32', [size], concatenated([`${dense}.bias`]));
    const shaped = graph.node('Gemm', [firstToken(graph, hidden), weight, bias]);
    const active = graph.node(head.activation === 'tanh' ? 'Tanh' : 'Relu', [shaped]);
    linear(graph, active, `${classifier}.weight`, `${classifier}.bias`, head);
    return;
  }
  const vector = head.normalize ? graph.node('LpNormalization', [pooled], { axis: -1, p: 2 }, 'unit') : pooled;
  linear(graph, vector, headTensors.weight, headTensors.bias, head);
  if (head.prototypes === 0) return;
  const unit = head.normalize ? vector : graph.node('LpNormalization', [pooled], { axis: -1, p: 2 }, 'unit');
  const cosines = cosinesTo(graph, unit, head.prototypes, size, int8Limit);
  graph.node('ReduceMax', [cosines, graph.ints('label_axis', [1])], { keepdims: 1 }, 'similarity');
  graph.output('similarity', 'float32', ['batch', 1]);
}

/** unit [batch, hidden] × prototypes → [batch, prototypes]; they outweigh all else that a text reads but the layers. */
function cosinesTo(graph: GraphBuilder, unit: string, count: number, size: number, int8Limit: number | undefined) {
  const name = headTensors.prototypes;
  if (int8Limit === undefined) {
    const rows = graph.weight(name, 'float32', [count, size], table(name, count));
    return graph.node('Gemm', [unit, rows], { transB: 1 }, 'cosines');
  }
  const product = { weights: [name], biases: [], inputs: size, outputs: count };
  const quantised = transposedInt8(product, int8Limit);
  const columns = graph.weight(name, 'int8', [size, count], quantised.values);
  const scales = graph.weight(`${name}.scales`, 'float32', [count], quantised.scales);
  return graph.fused('DynamicQuantizeMatMul', [unit, columns, scales], {}, 'cosines');
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
