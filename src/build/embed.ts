/** Runs texts through a network that has no head yet, in large batches, for fitting one. */
import { rangeTensor } from '../bundle/making.js';
import { batchesByLength } from '../infer/batches.js';
import type { EncoderSession } from '../infer/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import type { Matrix } from '../train/index.js';

/** Pooled vectors, [texts, hidden]. */
export async function embedPooled(
  session: EncoderSession,
  tokenizer: Tokenizer,
  texts: readonly string[],
  onProgress: (done: number) => void,
): Promise<Matrix> {
  const rows = texts.map((text) => tokenizer.encode(text).ids);
  let values = new Float32Array();
  let columns = 0;
  let done = 0;
  for (const indices of batchesByLength(rows.map((row) => row.length))) {
    const { pooled } = await session.run(
      indices.map((index) => rows[index]),
      tokenizer.padTokenId,
      ['pooled'],
    );
    if (columns === 0) {
      columns = pooled.length / indices.length;
      values = new Float32Array(texts.length * columns);
    }
    for (const [row, index] of indices.entries())
      values.set(pooled.subarray(row * columns, (row + 1) * columns), index * columns);
    done += indices.length;
    onProgress(done);
  }
  return { values, rows: texts.length, columns };
}

/** The same brought to length one. */
export async function embedUnit(...given: Parameters<typeof embedPooled>): Promise<Matrix> {
  return unitRows(await embedPooled(...given));
}

/** Every row brought to length one. */
export function unitRows({ values, rows, columns }: Matrix): Matrix {
  const scaled = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    scaled.set(unit(values.subarray(row * columns, (row + 1) * columns)), row * columns);
  return { values: scaled, rows, columns };
}

function unit(vector: Float32Array): Float32Array {
  let square = 0;
  for (const x of vector) square += x * x;
  const length = Math.sqrt(square) || 1;
  return vector.map((x) => x / length);
}

/** Largest magnitudes of what the quantised products read, over the texts, one at a time, by the master's tensor names. */
export async function measureRanges(
  session: EncoderSession,
  rows: readonly (readonly number[])[],
  layers: number,
): Promise<Map<string, Float32Array>> {
  const sites = ['qkv', 'up', 'down'] as const;
  const outputs = Array.from({ length: layers }, (_, layer) =>
    sites.map((site) => [`range_${site}_${layer}`, rangeTensor(layer, site)] as const),
  ).flat();
  const ranges = new Map<string, Float32Array>();
  for (const row of rows) {
    const found = await session.run(
      [row],
      0,
      outputs.map(([output]) => output),
    );
    for (const [output, tensor] of outputs) {
      const values = found[output];
      const range = ranges.get(tensor) ?? new Float32Array(values.length);
      for (let i = 0; i < values.length; i++) range[i] = Math.max(range[i], values[i]);
      ranges.set(tensor, range);
    }
  }
  return ranges;
}
