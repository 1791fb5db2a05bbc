/** What enters the first layer: sums of word, position and token type vectors, normalised a token at a time. */
import type { TensorSource } from '../checkpoint/index.js';
import type { CalibrationBatch } from './batches.js';

/** Embedding sums of all batches, [texts × tokens, hidden] each, before normalisation. */
export async function embeddingSums(
  source: TensorSource,
  batches: readonly CalibrationBatch[],
): Promise<Float32Array[]> {
  const words = await source.read('embeddings.word_embeddings.weight');
  const size = source.shape('embeddings.word_embeddings.weight')[1];
  const positions = await source.read('embeddings.position_embeddings.weight');
  const types = 'embeddings.token_type_embeddings.weight';
  const segment = source.has(types) ? await source.readRows(types, 0, 1) : new Float32Array(size);
  return batches.map(({ ids, tokens }) => {
    const sums = new Float32Array(ids.length * size);
    for (const [at, id] of ids.entries()) {
      const position = (at % tokens) * size;
      for (let i = 0; i < size; i++) sums[at * size + i] = words[id * size + i] + positions[position + i] + segment[i];
    }
    return sums;
  });
}

/** The first `kept` of `size` columns, with mean 0 and variance 1 a row over what is kept. */
export function normalisedRows(sums: Float32Array, size: number, kept: number, epsilon: number): Float32Array {
  const rows = sums.length / size;
  const result = new Float32Array(rows * kept);
  for (let row = 0; row < rows; row++) {
    const from = sums.subarray(row * size, row * size + kept);
    let mean = 0;
    for (const value of from) mean += value;
    mean /= kept;
    let variance = 0;
    for (const value of from) variance += (value - mean) ** 2;
    const scale = 1 / Math.sqrt(variance / kept + epsilon);
    for (let i = 0; i < kept; i++) result[row * kept + i] = (from[i] - mean) * scale;
  }
  return result;
}
