/** Producers of the emitted graph's weights: transposed, packed side by side, quantised, from tensors in the checkpoint's layout. */

import type { TensorSource } from '../checkpoint/index.js';
import { quantise, quantiseToNibbles } from '../compress/quantise.js';
import type { FillWeight } from './graph-builder.js';

/** Rows of the embedding table that are in memory at once. */
const ROWS_AT_ONCE = 256;

/** A dense layer in the checkpoint: `weight` [out, in] and `bias` [out]; several packed side by side act as one. */
export interface Dense {
  readonly weights: readonly string[];
  readonly biases: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs]: the input arrives multiplied by this, so the weights are divided by it. */
  readonly inputMultiplier?: Float32Array;
  /** Input channels that arrive once more behind the others; `inputs` counts them. */
  readonly inputCopies?: readonly number[];
  /** Output channels that are computed once more behind the others; `outputs` counts them. */
  readonly outputCopies?: readonly number[];
}

const bytesOf = (array: Float32Array | Int8Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Each matrix [out, in] as the graph needs its rows: copies appended, divided by the input's multiplier. */
async function* matricesOf(source: TensorSource, dense: Dense): AsyncGenerator<Float32Array> {
  for (const name of dense.weights) {
    let matrix = await source.read(name);
    if (dense.inputCopies?.length) matrix = withCopiedColumns(matrix, dense.inputs, dense.inputCopies);
    if (dense.outputCopies?.length) matrix = withCopiedRows(matrix, dense.inputs, dense.outputCopies);
    const multiplier = dense.inputMultiplier;
    yield multiplier ? matrix.map((value, i) => value / multiplier[i % dense.inputs]) : matrix;
  }
}

function withCopiedColumns(matrix: Float32Array, inputs: number, copies: readonly number[]): Float32Array {
  const before = inputs - copies.length;
  const rows = matrix.length / before;
  const wide = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    const own = matrix.subarray(row * before, (row + 1) * before);
    wide.set(own, row * inputs);
    for (const [i, column] of copies.entries()) wide[row * inputs + before + i] = own[column];
  }
  return wide;
}

function withCopiedRows(matrix: Float32Array, inputs: number, copies: readonly number[]): Float32Array {
  const tall = new Float32Array(matrix.length + copies.length * inputs);
  tall.set(matrix);
  for (const [i, row] of copies.entries())
    tall.set(matrix.subarray(row * inputs, (row + 1) * inputs), matrix.length + i * inputs);
  return tall;
}

/** Transposes each matrix [out_i, in] into its columns of one [in, Σ out_i] matrix. */
async function packTransposed<A extends Float32Array | Int8Array>(
  source: TensorSource,
  dense: Dense,
  into: A,
  valuesOf: (matrix: Float32Array) => Float32Array | Int8Array,
): Promise<A> {
  let column = 0;
  for await (const matrix of matricesOf(source, dense)) {
    const rows = matrix.length / dense.inputs;
    const values = valuesOf(matrix);
    for (let out = 0; out < rows; out++)
      for (let k = 0; k < dense.inputs; k++) into[k * dense.outputs + column + out] = values[out * dense.inputs + k];
    column += rows;
  }
  return into;
}

/** float32 [in, out]. */
export const transposed = (dense: Dense): FillWeight =>
  async function* (source) {
    const into = new Float32Array(dense.inputs * dense.outputs);
    yield bytesOf(await packTransposed(source, dense, into, (matrix) => matrix));
  };

/** Values and scales of a quantised weight, a piece at a time. */
interface QuantisedPiece {
  readonly values: Float32Array | Int8Array | Uint8Array;
  readonly scales: Float32Array;
}

/** Two weights of a graph out of one pass over the source; scales are small, and are kept for when they are asked for. */
function valuesAndScales(pieces: (source: TensorSource) => AsyncIterable<QuantisedPiece>): {
  values: FillWeight;
  scales: FillWeight;
} {
  const kept = new WeakMap<TensorSource, Float32Array[]>();
  const values: FillWeight = async function* (source) {
    const scales: Float32Array[] = [];
    for await (const piece of pieces(source)) {
      scales.push(piece.scales);
      yield bytesOf(piece.values);
    }
    kept.set(source, scales);
  };
  const scales: FillWeight = async function* (source) {
    const known = kept.get(source);
    if (known) for (const part of known) yield bytesOf(part);
    else for await (const piece of pieces(source)) yield bytesOf(piece.scales);
  };
  return { values, scales };
}

/** `values` int8 [in, Σ out] and `scales` float32 [Σ out], one an output channel. */
export const transposedInt8 = (dense: Dense, limit: number) =>
  valuesAndScales(async function* (source) {
    const scales: Float32Array[] = [];
    const quantised = (matrix: Float32Array) => {
      const found = quantise(matrix, dense.inputs, { limit });
      scales.push(found.scales);
      return found.values;
    };
    const values = await packTransposed(source, dense, new Int8Array(dense.inputs * dense.outputs), quantised);
    yield { values, scales: Float32Array.from(scales.flatMap((part) => [...part])) };
  });

/** `values` uint8 [Σ out, blocks, block / 2] and `scales` float32 [Σ out, blocks]: 4-bit rows, as `MatMulNBits` reads them. */
export const nibbles = (dense: Dense, block: number) =>
  valuesAndScales(async function* (source) {
    for await (const matrix of matricesOf(source, dense)) yield quantiseToNibbles(matrix, dense.inputs, block);
  });

/** float32 [out]: biases side by side, copies appended. */
export const biasesOf = (dense: Dense): FillWeight =>
  async function* (source) {
    for (const name of dense.biases) {
      const bias = await source.read(name);
      yield bytesOf(bias);
      if (dense.outputCopies?.length) yield bytesOf(Float32Array.from(dense.outputCopies, (channel) => bias[channel]));
    }
  };

/** Tensors one after the other, as they are. */
export const concatenated = (names: readonly string[]): FillWeight =>
  async function* (source) {
    for (const name of names) yield bytesOf(await source.read(name));
  };

/** A table by blocks of rows, float32. */
export const table = (name: string, rows: number): FillWeight =>
  async function* (source) {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE)
      yield bytesOf(await source.readRows(name, from, Math.min(rows, from + ROWS_AT_ONCE)));
  };

/** Positions [rows, hidden] with the vector of token type 0 added, since every text is one segment. */
export const positionsOfOneSegment = (positions: string, types: string | undefined, rows: number): FillWeight =>
  async function* (source) {
    const matrix = await source.readRows(positions, 0, rows);
    if (types) {
      const first = await source.readRows(types, 0, 1);
      for (let i = 0; i < matrix.length; i++) matrix[i] += first[i % first.length];
    }
    yield bytesOf(matrix);
  };

/** A table in 4 bits, two numbers to a byte, around a zero point of 8. `columns` is even. */
export function nibbleTable(name: string, rows: number, columns: number, block: number) {
  const padded = (Math.ceil(columns / block) * block) / 2;
  const used = columns / 2;
  return valuesAndScales(async function* (source) {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      const matrix = await source.readRows(name, from, Math.min(rows, from + ROWS_AT_ONCE));
      const { values, scales } = quantiseToNibbles(matrix, columns, block);
      // What fills up a row's last block is no part of the table.
      yield { values: padded === used ? values : withoutPadding(values, padded, used), scales };
    }
  });
}

function withoutPadding(values: Uint8Array, padded: number, used: number): Uint8Array {
  const rows = values.length / padded;
  const result = new Uint8Array(rows * used);
  for (let row = 0; row < rows; row++) result.set(values.subarray(row * padded, row * padded + used), row * used);
  return result;
}

/** A table quantised in blocks of a row: int8, and a scale a block. */
export function blockQuantisedTable(name: string, rows: number, columns: number, block: number) {
  return valuesAndScales(async function* (source) {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      const matrix = await source.readRows(name, from, Math.min(rows, from + ROWS_AT_ONCE));
      yield quantise(matrix, columns, { block });
    }
  });
}
