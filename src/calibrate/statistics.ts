/** One pass of calibration text through the whole network: what the orders of channels, heads and neurons are made of. */
import type { ReadingSite } from '../compress/channel-order.js';
import type { Square } from '../compress/linear-algebra.js';
import type { CalibrationBatch } from './batches.js';
import { applyNorm, type Layer } from './layer.js';
import { Moments } from './moments.js';
import type { Operators } from './operators.js';

export interface LayerStatistics {
  /** [heads × headSize], into the output projection. */
  readonly context: Square;
  /** [neurons], out of the activation. */
  readonly inner: Square;
  /** Channels where queries, keys and values read them, and where the feed-forward part does. */
  readonly sites: readonly ReadingSite[];
}

/** Runs one layer over all batches; `hidden` is replaced by the layer's result. */
export async function layerStatistics(
  operators: Operators,
  layer: Layer,
  heads: number,
  batches: readonly CalibrationBatch[],
  hidden: Float32Array[],
): Promise<LayerStatistics> {
  const size = layer.outputNorm.scale.length;
  const [reads, attends] = [new Moments(size, 0), new Moments(size, 0)];
  const context = new Moments(layer.output.weight.length / size, 0);
  const inner = new Moments(layer.up.bias.length, 0);
  for (const [at, { texts, tokens }] of batches.entries()) {
    const rows = texts * tokens;
    const input = hidden[at];
    await reads.add(operators, input, undefined, rows);
    const mixed = await operators.context(input, texts, tokens, heads, layer.qkv);
    await context.add(operators, mixed, undefined, rows);
    const attended = applyNorm(
      (await operators.residual(mixed, rows, layer.output, input)).normalised,
      layer.outputNorm,
    );
    await attends.add(operators, attended, undefined, rows);
    const raised = await operators.inner(attended, rows, layer.up);
    await inner.add(operators, raised, undefined, rows);
    hidden[at] = applyNorm((await operators.residual(raised, rows, layer.down, attended)).normalised, layer.downNorm);
  }
  return {
    context: context.covariance(),
    inner: inner.covariance(),
    sites: [
      { covariance: reads.covariance(), reading: gramOfRows(layer.qkv.weight, size) },
      { covariance: attends.covariance(), reading: gramOfRows(layer.up.weight, size) },
    ],
  };
}

/** W Wᵀ of W [rows, columns]. */
export function gramOfRows(weight: Float32Array, rows: number): Square {
  const columns = weight.length / rows;
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += weight[i * columns + k] * weight[j * columns + k];
      gram[i * rows + j] = sum;
      gram[j * rows + i] = sum;
    }
  return gram;
}
