/** The paper's network as an ONNX graph, in the forms that are compared. */
import { elementTypes, GraphBuilder, type PlannedGraph } from '../../model/index.js';
import { addColumns4, addColumns8, addRows, addTable8, addWhole, type Matrix, packed } from './matrices.js';
import { type Toy, vocabSize } from './toy.js';

/**
 * `int8`: bytes of the embedding are gathered and multiplied as they are, all products are of 8-bit numbers. `int8-rows`: the
 * operators of a bundle's own graphs, `GatherBlockQuantized` and `DynamicQuantizeMatMul`. `int4`: `GatherBlockQuantized` and
 * `MatMulNBits`.
 */
export type Form = 'float64' | 'float32' | 'int8' | 'int8-rows' | 'int4';

/**
 * Plans the graph: `input_ids` int64 [batch, tokens] to `logits` [batch, tokens, vocab]. All forms have one product for
 * query, key and value and the same operators between the products, so that they differ in nothing but their numbers.
 */
export function planToy(toy: Toy, form: Form): PlannedGraph {
  const graph = new GraphBuilder('toy');
  const type = form === 'float64' ? 'float64' : 'float32';
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const table = packed(toy, ['embedding']);
  const projections = packed(toy, ['query', 'key', 'value']);
  const projected =
    form === 'int8'
      ? productOfBytes(graph, ids, table, projections)
      : product(graph, form, gathered(graph, form, ids, table), projections);
  const [query, key, value] = graph.many('Split', [projected], { axis: -1, num_outputs: 3 }, ['q', 'k', 'v']);
  const scores = graph.node('MatMul', [query, graph.node('Transpose', [key], { perm: [0, 2, 1] })]);
  // Computed in the graph: as a weight it would count as bytes of the network.
  const inner = graph.node('Cast', [graph.ints('inner_size', [toy.innerSize])], { to: elementTypes[type] });
  const scaled = graph.node('Div', [scores, graph.node('Sqrt', [inner])]);
  const context = graph.node('MatMul', [graph.node('Softmax', [scaled], { axis: -1 }), value]);
  product(graph, form, context, packed(toy, ['output']), 'logits');
  graph.output('logits', type, ['batch', 'tokens', vocabSize]);
  return graph.plan();
}

/** Rows of the embedding: [batch, tokens, hidden]. */
function gathered(graph: GraphBuilder, form: Exclude<Form, 'int8'>, ids: string, table: Matrix): string {
  if (form === 'float64' || form === 'float32')
    return graph.node('Gather', [addWhole(graph, table, form === 'float64'), ids], { axis: 0 });
  const bits = form === 'int4' ? 4 : 8;
  const { values, scales } = addRows(graph, table, bits);
  const attributes = { gather_axis: 0, quantize_axis: 1, block_size: table.columns, bits };
  return graph.fused('GatherBlockQuantized', [values, ids, scales], attributes);
}

function product(graph: GraphBuilder, form: Form, input: string, matrix: Matrix, name?: string): string {
  if (form === 'float64' || form === 'float32')
    return graph.node('MatMul', [input, addWhole(graph, matrix, form === 'float64')], {}, name);
  if (form !== 'int4') {
    const { values, scales } = addColumns8(graph, matrix);
    return graph.fused('DynamicQuantizeMatMul', [input, values, scales], {}, name);
  }
  const { values, scales, block } = addColumns4(graph, matrix);
  const attributes = { K: matrix.rows, N: matrix.columns, bits: 4, block_size: block, accuracy_level: 4 };
  return graph.fused('MatMulNBits', [input, values, scales], attributes, name);
}

/** Rows of the embedding times a matrix, both in 8 bits: nothing is unpacked and quantised again in between. */
function productOfBytes(graph: GraphBuilder, ids: string, table: Matrix, matrix: Matrix): string {
  const rows = addTable8(graph, table);
  const columns = addColumns8(graph, matrix);
  const bytes = graph.node('Gather', [rows.values, ids], { axis: 0 });
  return graph.fused('MatMulIntegerToFloat', [bytes, columns.values, rows.scales, columns.scales, rows.middle]);
}
