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

/** Blocks of 4-bit numbers, two to a byte, the first in the low half: (number - 8) × scale approximates the original. */
export interface QuantisedNibbles {
  /** [rows, blocks in a row × block / 2]; a row's last block is filled up with zeros. */
  readonly values: Uint8Array;
  /** [rows, blocks in a row] */
  readonly scales: Float32Array;
}

/** Shares of the scale that brings the largest value to the end of the range; a smaller one cuts it and is finer for the rest. */
const SCALE_SHARES = [1, 0.95, 0.9, 0.85, 0.8, 0.75];

/**
 * Quantises a row-major matrix to 4 bits. The range, -8 to 7, has its longer half on the side of the block's largest value; of a few
 * scales the one with the smallest squared error is taken.
 */
export function quantiseToNibbles(matrix: Float32Array, columns: number, block: number): QuantisedNibbles {
  const scales = nibbleScales(matrix, columns, block);
  return { values: toNibbles(matrix, columns, block, scales), scales };
}

/** The same with fp16 scales, rounded before they are used. */
export function quantiseToHalfScaledNibbles(matrix: Float32Array, columns: number, block: number) {
  const halfScales = floatToHalf(nibbleScales(matrix, columns, block));
  return { values: toNibbles(matrix, columns, block, halfToFloat(halfScales)), halfScales };
}

/** The inverse; rows keep the zeros that fill up their last block. */
export function dequantiseNibbles({ values, scales }: QuantisedNibbles, block: number): Float32Array {
  const matrix = new Float32Array(values.length * 2);
  for (const [at, byte] of values.entries()) {
    const scale = scales[Math.floor((at * 2) / block)];
    matrix[at * 2] = ((byte & 0x0f) - 8) * scale;
    matrix[at * 2 + 1] = ((byte >> 4) - 8) * scale;
  }
  return matrix;
}

/** Rounds a matrix in place to what it would be in 4 bits. */
export function roundToNibbles(matrix: Float32Array, columns: number, block: number): void {
  eachBlock(matrix.length, columns, block, (_, from, to) => {
    const scale = nibbleScale(matrix, from, to);
    const perScale = 1 / scale;
    for (let i = from; i < to; i++) matrix[i] = toNibble(matrix[i], perScale) * scale;
  });
}

function nibbleScales(matrix: Float32Array, columns: number, block: number): Float32Array {
  const scales = new Float32Array((matrix.length / columns) * Math.ceil(columns / block));
  eachBlock(matrix.length, columns, block, (index, from, to) => {
    scales[index] = nibbleScale(matrix, from, to);
  });
  return scales;
}

function toNibbles(matrix: Float32Array, columns: number, block: number, scales: Float32Array): Uint8Array {
  const values = new Uint8Array((scales.length * block) / 2).fill(0x88);
  eachBlock(matrix.length, columns, block, (index, from, to) => {
    const first = (index * block) / 2;
    const perScale = 1 / scales[index];
    for (let i = from; i < to; i++) {
      const nibble = toNibble(matrix[i], perScale) + 8;
      const at = first + ((i - from) >> 1);
      values[at] = (i - from) % 2 === 0 ? (values[at] & 0xf0) | nibble : (values[at] & 0x0f) | (nibble << 4);
    }
  });
  return values;
}

/** The nearest of the 16 numbers; written out in plain steps, for a cut on a small board does this tens of millions of times. */
function toNibble(value: number, perScale: number): number {
  const nearest = Math.floor(value * perScale + 0.5);
  return nearest < -8 ? -8 : nearest > 7 ? 7 : nearest;
}

function nibbleScale(matrix: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) if (Math.abs(matrix[i]) > Math.abs(largest)) largest = matrix[i];
  if (largest === 0) return 1;
  let [best, smallest] = [1, Number.POSITIVE_INFINITY];
  for (const share of SCALE_SHARES) {
    const scale = Math.fround((share * largest) / -8);
    const perScale = 1 / scale;
    let error = 0;
    for (let i = from; i < to && error < smallest; i++) {
      const off = toNibble(matrix[i], perScale) * scale - matrix[i];
      error += off * off;
    }
    if (error < smallest) [best, smallest] = [scale, error];
  }
  return best;
}
