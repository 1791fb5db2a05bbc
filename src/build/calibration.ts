/** What a network is measured with before it is cut. */
import type { CalibrateOptions } from '../calibrate/index.js';
import type { ModelConfig } from '../checkpoint/index.js';
import type { Workshop } from './build.js';
import { encodedUpTo, randomRows, sampled } from './calibration-texts.js';
import { countsOf, shapesOf } from './shapes.js';

/** Texts through which the network is cut; tokens at most, for a layer's activations are in memory for every shape. */
const CALIBRATION_TEXTS = 3000;
const CALIBRATION_TOKENS = 32_768;

/** A checkpoint's sizes as calibration goes by them. */
export function networkSizes(config: ModelConfig): CalibrateOptions['network'] {
  return {
    layers: config.layers,
    heads: config.heads,
    headSize: config.headSize,
    neurons: config.intermediateSize,
    hidden: config.hiddenSize,
    activation: config.activation,
    layerNormEps: config.layerNormEps,
  };
}

/** @param texts none where only the vocabulary is known */
export function calibrationOf(
  { options, checkpoint, tokenizer }: Workshop,
  texts: readonly string[],
): CalibrateOptions {
  const { config } = checkpoint;
  const chosen = sampled(texts, CALIBRATION_TEXTS, options.seed);
  const rows =
    chosen.length > 0
      ? encodedUpTo(chosen, tokenizer, CALIBRATION_TOKENS)
      : randomRows(tokenizer, CALIBRATION_TEXTS / 3, options.seed);
  return {
    source: checkpoint.tensors,
    network: networkSizes(config),
    rows,
    shapes: shapesOf(options.recipe),
    countsOf: (shape) => countsOf(shape, config),
    threads: options.threads,
    onProgress: options.onProgress,
  };
}
