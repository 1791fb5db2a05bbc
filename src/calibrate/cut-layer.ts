/** A layer's weights as a shape runs them: cut, and corrected. */
import type { LowRank, Restoring, UniformCounts } from './corrections.js';
import type { Layer } from './layer.js';
import type { Affine, Operators } from './operators.js';

/** Queries, keys and values of the kept heads, reading the kept channels. */
export function cutQkv(
  operators: Operators,
  { qkv }: Layer,
  counts: UniformCounts,
  headSize: number,
  restoring?: Restoring,
) {
  const width = qkv.bias.length / 3;
  const kept = counts.heads * headSize;
  const columns = [0, 1, 2].flatMap((part) => Array.from({ length: kept }, (_, i) => part * width + i));
  return reading(operators, takeColumns(qkv, columns), counts.channels, restoring);
}

/** The kept neurons, reading the kept channels. */
export function cutUp(
  operators: Operators,
  { up }: Layer,
  counts: UniformCounts,
  restoring?: Restoring,
): Promise<Affine> {
  const columns = Array.from({ length: counts.neurons }, (_, i) => i);
  return reading(operators, takeColumns(up, columns), counts.channels, restoring);
}

/** A product [units, hidden] whose kept units write the kept channels. */
export function cutWriting({ weight, bias }: Affine, units: number, channels: number): Affine {
  const hidden = bias.length;
  const result = new Float32Array(units * channels);
  for (let i = 0; i < units; i++) result.set(weight.subarray(i * hidden, i * hidden + channels), i * channels);
  return { weight: result, bias: bias.subarray(0, channels) };
}

/** The same with what the kept units do in place of the removed ones. */
export function withLowRank({ weight, bias }: Affine, lowRank: LowRank | undefined, hidden: number): Affine {
  if (!lowRank) return { weight, bias };
  const channels = bias.length;
  const rank = lowRank.left.length / hidden;
  const units = lowRank.right.length / rank;
  const result = weight.slice();
  for (let i = 0; i < units; i++)
    for (let r = 0; r < rank; r++) {
      const scale = lowRank.right[i * rank + r];
      for (let j = 0; j < channels; j++) result[i * channels + j] += scale * lowRank.left[r * hidden + j];
    }
  return { weight: result, bias: bias.map((value, i) => value + lowRank.bias[i]) };
}

function takeColumns({ weight, bias }: Affine, columns: readonly number[]): Affine {
  const before = bias.length;
  const rows = weight.length / before;
  const result = new Float32Array(rows * columns.length);
  for (let i = 0; i < rows; i++)
    for (const [j, column] of columns.entries()) result[i * columns.length + j] = weight[i * before + column];
  return { weight: result, bias: Float32Array.from(columns, (column) => bias[column]) };
}

/** The first channels only; where the width has a map to all channels, it is multiplied into the weights. */
async function reading(operators: Operators, dense: Affine, channels: number, restoring?: Restoring): Promise<Affine> {
  const outputs = dense.bias.length;
  if (!restoring) return { weight: dense.weight.subarray(0, channels * outputs), bias: dense.bias };
  const weight = await operators.product(restoring.weight, channels, dense.weight);
  const moved = await operators.product(restoring.bias, 1, dense.weight);
  return { weight, bias: dense.bias.map((value, i) => value + moved[i]) };
}
