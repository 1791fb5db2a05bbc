/**
 * Symmetric quantisation of matrices to signed 8-bit integers, one scale a row (an output channel) or a block of it. The last
 * block of a row is shorter where the block doesn't divide it.
 */
import { floatToHalf, halfToFloat } from '../checkpoint/index.js';

/** A quantised matrix: a value times the scale of its block approximates the original. */
export interface Quantised {
  readonly values: Int8Array;
  /** [rows, blocks in a row] */
  readonly scales: Float32Array;
}

/**
 * Quantises a row-major matrix. `block` is the whole row unless given. `limit` is the largest magnitude used: 127, or 63 where
 * the processor's 8-bit products saturate in 16 bits (AVX2 without VNNI).
 */
export function quantise(
  matrix: Float32Array,
  columns: number,
  { block = columns, limit = 127 }: { readonly block?: number; readonly limit?: number } = {},
): Quantised {
  const scales = scalesOf(matrix, columns, block, limit);
  return { values: divided(matrix, columns, block, limit, scales), scales };
}

/**
 * Quantises with fp16 scales, rounded before they are used, so that what is stored is what was measured. `halfScales` are the
 * scales' fp16 bits.
 */
export function quantiseWithHalfScales(
  matrix: Float32Array,
  columns: number,
  block: number,
): { values: Int8Array; halfScales: Uint16Array } {
  const halfScales = floatToHalf(scalesOf(matrix, columns, block, 127));
  return { values: divided(matrix, columns, block, 127, halfToFloat(halfScales)), halfScales };
}

/** The inverse. */
export function dequantise({ values, scales }: Quantised, columns: number, block: number): Float32Array {
  const matrix = new Float32Array(values.length);
  eachBlock(values.length, columns, block, (index, from, to) => {
    for (let i = from; i < to; i++) matrix[i] = values[i] * scales[index];
  });
  return matrix;
}

function scalesOf(matrix: Float32Array, columns: number, block: number, limit: number): Float32Array {
  const scales = new Float32Array((matrix.length / columns) * Math.ceil(columns / block));
  eachBlock(matrix.length, columns, block, (index, from, to) => {
    let largest = 0;
    for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(matrix[i]));
    // A block of zeros keeps a scale of one: zero times anything finite is zero.
    scales[index] = Math.fround(largest / limit) || 1;
  });
  return scales;
}

function divided(matrix: Float32Array, columns: number, block: number, limit: number, scales: Float32Array): Int8Array {
  const values = new Int8Array(matrix.length);
  eachBlock(matrix.length, columns, block, (index, from, to) => {
    const scale = scales[index];
    for (let i = from; i < to; i++) values[i] = Math.max(-limit, Math.min(limit, Math.round(matrix[i] / scale)));
  });
  return values;
}

function eachBlock(
  length: number,
  columns: number,
  block: number,
  visit: (index: number, from: number, to: number) => void,
): void {
  let index = 0;
  for (let row = 0; row < length; row += columns)
    for (let from = row; from < row + columns; from += block)
      visit(index++, from, Math.min(from + block, row + columns));
}
