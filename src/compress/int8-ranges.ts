/**
 * Keeps 8-bit products exact where a few channels are much larger than the rest. One scale serves a whole activation, so one
 * channel of 28 beside a median of 2 costs all others four bits.
 *
 * Inputs of the attention and of the feed-forward layer: large channels are divided before they are quantised and their
 * weights multiplied (SmoothQuant, arXiv 2211.10438). Inner neurons: a large one is computed several times and each copy
 * divided (outlier channel splitting, arXiv 1901.09504), which leaves the weights' own range alone.
 */

/** Largest magnitudes over calibration text, by channel, of what a layer's three quantised products read. */
export interface LayerRanges {
  /** [hidden], into queries, keys and values. */
  readonly qkv: Float32Array;
  /** [hidden], into the feed-forward layer. */
  readonly up: Float32Array;
  /** [neurons], out of the activation. */
  readonly down: Float32Array;
}

/** What is done about them; a multiplier is undefined where the channels are even enough. */
export interface LayerSmoothing {
  /** [hidden] multiplies the input; the weights are divided by it. */
  readonly qkv?: Float32Array;
  readonly up?: Float32Array;
  /** Neurons that are computed once more, one entry a copy; they follow the others. */
  readonly copies: readonly number[];
  /** [neurons + copies] multiplies the activation; the weights stay. */
  readonly down?: Float32Array;
}

/** Channels above this quantile of all channels' ranges are divided down to it. */
const CHANNEL_QUANTILE = 0.9;
const NEURON_QUANTILE = 0.99;
/** A neuron is computed this often at most, however large it is. */
const MOST_TIMES = 16;
/** Below this ratio of the largest range to the quantile nothing is gained. */
const EVEN_ENOUGH = 1.25;

/** Decides for one layer; a pure function of its ranges. */
export function smoothingOf(ranges: LayerRanges): LayerSmoothing {
  const limit = quantile(ranges.down, NEURON_QUANTILE);
  const times = Array.from(ranges.down, (range) => Math.min(MOST_TIMES, Math.max(1, Math.ceil(range / limit))));
  const copies = times.flatMap((count, neuron) => new Array<number>(count - 1).fill(neuron));
  const down = Float32Array.from([...times, ...copies.map((neuron) => times[neuron])], (count) => 1 / count);
  return {
    qkv: divided(ranges.qkv),
    up: divided(ranges.up),
    copies,
    down: copies.length > 0 ? down : undefined,
  };
}

function divided(ranges: Float32Array): Float32Array | undefined {
  const limit = quantile(ranges, CHANNEL_QUANTILE);
  const multiplier = ranges.map((range) => Math.min(1, limit / range));
  return multiplier.some((factor) => factor < 1 / EVEN_ENOUGH) ? multiplier : undefined;
}

/** The quantile of the values, never zero: a channel that calibration never saw moving is not divided by nothing. */
function quantile(values: Float32Array, share: number): number {
  const sorted = values.slice().sort();
  return Math.max(sorted[Math.floor(share * (sorted.length - 1))], 1e-6);
}
