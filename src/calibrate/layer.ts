/** A layer's weights as products read them, out of tensors in the checkpoint's layout. */
import type { TensorSource } from '../checkpoint/index.js';
import type { Affine } from './operators.js';

export interface NormVectors {
  readonly scale: Float32Array;
  readonly bias: Float32Array;
}

/** One layer of the whole network. */
export interface Layer {
  /** Queries, keys and values side by side: [hidden, 3 × heads × headSize]. */
  readonly qkv: Affine;
  /** [heads × headSize, hidden] */
  readonly output: Affine;
  readonly outputNorm: NormVectors;
  /** [hidden, neurons] */
  readonly up: Affine;
  /** [neurons, hidden] */
  readonly down: Affine;
  readonly downNorm: NormVectors;
}

export async function readLayer(source: TensorSource, index: number): Promise<Layer> {
  const at = `encoder.layer.${index}`;
  const one = async (name: string): Promise<Affine> => {
    const bias = await source.read(`${name}.bias`);
    return { weight: transposed(await source.read(`${name}.weight`), bias.length), bias };
  };
  const parts = await Promise.all(['query', 'key', 'value'].map((part) => one(`${at}.attention.self.${part}`)));
  return {
    qkv: sideBySide(parts),
    output: await one(`${at}.attention.output.dense`),
    outputNorm: await readNorm(source, `${at}.attention.output.LayerNorm`),
    up: await one(`${at}.intermediate.dense`),
    down: await one(`${at}.output.dense`),
    downNorm: await readNorm(source, `${at}.output.LayerNorm`),
  };
}

export async function readNorm(source: TensorSource, name: string): Promise<NormVectors> {
  return { scale: await source.read(`${name}.weight`), bias: await source.read(`${name}.bias`) };
}

/** [rows, columns] → [columns, rows]. */
export function transposed(matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows;
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j];
  return result;
}

function sideBySide(parts: readonly Affine[]): Affine {
  const outputs = parts.reduce((sum, { bias }) => sum + bias.length, 0);
  const inputs = parts[0].weight.length / parts[0].bias.length;
  const weight = new Float32Array(inputs * outputs);
  const bias = new Float32Array(outputs);
  let column = 0;
  for (const part of parts) {
    const own = part.bias.length;
    bias.set(part.bias, column);
    for (let i = 0; i < inputs; i++) weight.set(part.weight.subarray(i * own, (i + 1) * own), i * outputs + column);
    column += own;
  }
  return { weight, bias };
}

/** normalised [rows, k] × scale + bias, in place. */
export function applyNorm(normalised: Float32Array, { scale, bias }: NormVectors): Float32Array {
  const k = scale.length;
  for (let at = 0; at < normalised.length; at += k)
    for (let i = 0; i < k; i++) normalised[at + i] = normalised[at + i] * scale[i] + bias[i];
  return normalised;
}
