/** Symmetric quantisation of weights to signed 8-bit integers, one scale a row (an output channel) or a block of it. */
import { floatToHalf, halfToFloat } from '../checkpoint/index.js';

/** A quantised matrix: `values[r, c] × scales[r]` approximates the original. */
export interface QuantisedRows {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Quantises a row-major matrix [rows, columns]. `limit` is the largest magnitude used: 127, or 63 where the processor's
 * 8-bit products saturate in 16 bits (AVX2 without VNNI).
 */
export function quantiseRows(matrix: Float32Array, rows: number, columns: number, limit = 127): QuantisedRows {
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    const end = start + columns;
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(matrix[i]));
    // A row of zeros keeps a scale of one: zero times anything finite is zero.
    const scale = Math.fround(largest / limit) || 1;
    scales[row] = scale;
    for (let i = start; i < end; i++) {
      values[i] = Math.max(-limit, Math.min(limit, Math.round(matrix[i] / scale)));
    }
  }
  return { values, scales };
}

/**
 * Quantises blocks of values with fp16 scales, rounded before they are used, so that what is stored is what was measured.
 * `halfScales` are the scales' fp16 bits.
 */
export function quantiseBlocks(matrix: Float32Array, block: number): { values: Int8Array; halfScales: Uint16Array } {
  const largest = new Float32Array(matrix.length / block);
  for (let i = 0; i < matrix.length; i++) {
    const at = Math.trunc(i / block);
    largest[at] = Math.max(largest[at], Math.abs(matrix[i]));
  }
  const halfScales = floatToHalf(largest.map((value) => value / 127 || 1));
  const scales = halfToFloat(halfScales);
  const values = new Int8Array(matrix.length);
  for (let i = 0; i < matrix.length; i++)
    values[i] = Math.max(-127, Math.min(127, Math.round(matrix[i] / scales[Math.trunc(i / block)])));
  return { values, halfScales };
}
