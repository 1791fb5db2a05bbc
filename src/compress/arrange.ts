/** A network's tensors with channels, heads and neurons in the order in which profiles keep them. */
import type { TensorSource } from '../checkpoint/index.js';

/** Numbers of the original network, from the most to the least worth keeping. */
export interface Arrangement {
  readonly channels: readonly number[];
  /** A layer each. */
  readonly heads: readonly (readonly number[])[];
  readonly neurons: readonly (readonly number[])[];
  readonly headSize: number;
}

interface Axes {
  readonly rows?: readonly number[];
  readonly columns?: readonly number[];
}

/** The same function with its tensors rearranged; the encoder's only, under the checkpoint's names. */
export function arranged(source: TensorSource, arrangement: Arrangement): TensorSource {
  const axesOf = (name: string) => axes(name, arrangement);
  const readRows = async (name: string, from: number, to: number) => {
    const { rows, columns } = axesOf(name);
    if (!rows) return inOrder(await source.readRows(name, from, to), to - from, undefined, columns);
    const whole = await source.read(name);
    return inOrder(whole, source.shape(name)[0], rows, columns).subarray(
      from * (whole.length / rows.length),
      to * (whole.length / rows.length),
    );
  };
  return {
    names: source.names,
    has: (name) => source.has(name),
    shape: (name) => source.shape(name),
    read: (name) => readRows(name, 0, source.shape(name)[0]),
    readRows,
  };
}

/** A permuted part of a vector [rows] or matrix [rows, columns]. */
function inOrder(
  values: Float32Array,
  count: number,
  rows?: readonly number[],
  columns?: readonly number[],
): Float32Array {
  const width = values.length / count;
  const result = new Float32Array(values.length);
  for (let i = 0; i < count; i++) {
    const from = (rows?.[i] ?? i) * width;
    if (columns) for (let j = 0; j < width; j++) result[i * width + j] = values[from + columns[j]];
    else result.set(values.subarray(from, from + width), i * width);
  }
  return result;
}

/** Which axis of a tensor counts what. */
function axes(name: string, { channels, heads, neurons, headSize }: Arrangement): Axes {
  const isVector = name.endsWith('.bias') || name.includes('LayerNorm');
  const [, layer, part] = /^encoder\.layer\.(\d+)\.(.+)\.(?:weight|bias)$/.exec(name) ?? [];
  if (part === undefined) {
    if (name.startsWith('embeddings.')) return isVector ? { rows: channels } : { columns: channels };
    if (name === 'head.dense.weight' || name === 'head.weight') return { columns: channels };
    return {};
  }
  const index = Number(layer);
  const inHeads = () => heads[index].flatMap((head) => Array.from({ length: headSize }, (_, i) => head * headSize + i));
  const [rows, columns] = part.startsWith('attention.self.')
    ? [inHeads(), channels]
    : part === 'attention.output.dense'
      ? [channels, inHeads()]
      : part === 'intermediate.dense'
        ? [neurons[index], channels]
        : part === 'output.dense'
          ? [channels, neurons[index]]
          : [channels, undefined];
  return isVector ? { rows } : { rows, columns };
}
