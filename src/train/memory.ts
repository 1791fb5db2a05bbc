/** What training will need, worked out before it starts. */
import { EMBED_SAVED, LAYER_SAVED } from '../model/gradient/index.js';
import type { EncoderShape, LayerShape } from '../model/index.js';

const FLOAT_BYTES = 4;

export interface RunSize {
  readonly texts: number;
  /** Of the longest text. */
  readonly tokens: number;
  readonly recompute: boolean;
}

/**
 * Bytes of the arrays that a run of the whole network keeps between its graphs: every layer's input, what its gradient needs
 * (of one layer only where `recompute`), and the gradient on its way down. onnxruntime's own come on top: about what one layer
 * keeps, for each of the two directions.
 */
export function activationBytes(shape: EncoderShape, { texts, tokens, recompute }: RunSize): number {
  const channels = shape.hiddenSize;
  const rows = texts * tokens;
  const sizes = { batch: texts, tokens, rows, channels, one: 1 };
  const saved = shape.layers.map((layer) => numbersIn(LAYER_SAVED, { ...sizes, ...sizesOf(layer, shape.headSize) }));
  const kept = recompute ? Math.max(0, ...saved) : saved.reduce((sum, one) => sum + one, 0);
  const matrices = shape.layers.length + 1 + 3; // layers' inputs and the last output; two gradients, and that of words
  const tables = tokens * channels + (shape.tokenTypes ? 1 : 0) * channels;
  return FLOAT_BYTES * (matrices * rows * channels + kept + numbersIn(EMBED_SAVED, sizes) + tables);
}

const sizesOf = ({ heads, neurons }: LayerShape, headSize: number) => ({
  heads,
  headSize,
  neurons,
  width: heads * headSize,
});

function numbersIn(
  arrays: Readonly<Record<string, readonly string[]>>,
  sizes: Readonly<Record<string, number>>,
): number {
  return Object.values(arrays).reduce((sum, dims) => sum + dims.reduce((product, dim) => product * sizes[dim], 1), 0);
}
