/** The toy's matrices as an ONNX graph holds them: whole, or in few bits. */
import { quantise } from '../../compress/quantise.js';
import type { FillWeight, GraphBuilder } from '../../model/index.js';
import { type MatrixName, shapeOfMatrix, type Toy } from './toy.js';

/** Numbers of a 4-bit row that share a scale. */
const BLOCK_4BIT = 16;
/** What zero is in an unsigned byte. */
const MIDDLE = 128;

/** A matrix [rows, columns], row after row. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Matrices with the same rows side by side: one product instead of several. */
export function packed(toy: Toy, names: readonly MatrixName[]): Matrix {
  const [rows, each] = shapeOfMatrix(toy, names[0]);
  const columns = each * names.length;
  const values = new Float64Array(rows * columns);
  for (const [index, name] of names.entries())
    for (let row = 0; row < rows; row++)
      values.set(toy.values[name].subarray(row * each, (row + 1) * each), row * columns + index * each);
  return { name: names.join('+'), rows, columns, values };
}

export function addWhole(graph: GraphBuilder, { name, rows, columns, values }: Matrix, double: boolean): string {
  const numbers = double ? values : Float32Array.from(values);
  return graph.weight(name, double ? 'float64' : 'float32', [rows, columns], bytesOf(numbers));
}

/** Names of the weights of a quantised matrix. */
export interface Quantised {
  readonly values: string;
  readonly scales: string;
}

/** The right side of a product: int8 [rows, columns], a scale a column. */
export function addColumns8(graph: GraphBuilder, matrix: Matrix): Quantised {
  const { name, rows, columns } = matrix;
  const { values, scales } = quantise(transposed(matrix), rows);
  const back = new Int8Array(rows * columns);
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++) back[row * columns + column] = values[column * rows + row];
  return {
    values: graph.weight(name, 'int8', [rows, columns], bytesOf(back)),
    scales: graph.weight(`${name}.scales`, 'float32', [columns], bytesOf(scales)),
  };
}

/** The right side of a `MatMulNBits`: two numbers a byte, a scale for every block of a column. */
export function addColumns4(graph: GraphBuilder, matrix: Matrix): Quantised & { readonly block: number } {
  const { name, rows, columns } = matrix;
  const { values, scales } = quantise(transposed(matrix), rows, { block: BLOCK_4BIT, limit: 7 });
  const blocks = rows / BLOCK_4BIT;
  return {
    values: graph.weight(name, 'uint8', [columns, blocks, BLOCK_4BIT / 2], bytesOf(inNibbles(values))),
    scales: graph.weight(`${name}.scales`, 'float32', [columns, blocks], bytesOf(scales)),
    block: BLOCK_4BIT,
  };
}

/** A table of uint8 around 128, one scale for all of it: its rows can be multiplied as they are. */
export function addTable8(
  graph: GraphBuilder,
  { name, rows, columns, values }: Matrix,
): Quantised & { readonly middle: string } {
  const whole = quantise(Float32Array.from(values), rows * columns);
  return {
    values: graph.weight(name, 'uint8', [rows, columns], bytesOf(aroundMiddle(whole.values))),
    scales: graph.weight(`${name}.scale`, 'float32', [1], bytesOf(whole.scales)),
    middle: graph.weight(`${name}.middle`, 'uint8', [1], bytesOf(Uint8Array.of(MIDDLE))),
  };
}

/** A table as `GatherBlockQuantized` reads it, one scale a row. */
export function addRows(graph: GraphBuilder, { name, rows, columns, values }: Matrix, bits: 8 | 4): Quantised {
  const quantised = quantise(Float32Array.from(values), columns, { limit: bits === 8 ? 127 : 7 });
  const bytes = bits === 8 ? aroundMiddle(quantised.values) : inNibbles(quantised.values);
  return {
    values: graph.weight(name, 'uint8', [rows, (columns * bits) / 8], bytesOf(bytes)),
    scales: graph.weight(`${name}.scales`, 'float32', [rows, 1], bytesOf(quantised.scales)),
  };
}

const aroundMiddle = (values: Int8Array) => Uint8Array.from(values, (value) => value + MIDDLE);

/** Numbers from -7 to 7 around a zero point of 8, the first of two in the low half of the byte. */
function inNibbles(values: Int8Array): Uint8Array {
  return Uint8Array.from(
    { length: values.length / 2 },
    (_, at) => values[2 * at] + 8 + ((values[2 * at + 1] + 8) << 4),
  );
}

function transposed({ rows, columns, values }: Matrix): Float32Array {
  const turned = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column];
  return turned;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): FillWeight {
  return async function* () {
    yield new Uint8Array(buffer, byteOffset, byteLength);
  };
}
