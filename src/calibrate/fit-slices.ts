/**
 * Works out what each shape needs beside a plain cut. Calibration text goes through the whole network and through every shape
 * side by side, a layer at a time; wherever a shape has lost something, what is left is fitted in closed form to what the whole
 * network has there. Errors don't pile up, because every fit sees the shape's own values, with all that went wrong before.
 */
import { leadingEigenvectors } from '../compress/linear-algebra.js';
import type { CalibrationBatch } from './batches.js';
import { Corrections, type Shape, type UniformCounts } from './corrections.js';
import { cutQkv, cutUp, cutWriting, withLowRank } from './cut-layer.js';
import { normalisedRows } from './embedding.js';
import { applyNorm, type Layer, type NormVectors } from './layer.js';
import { Moments } from './moments.js';
import type { Affine, Operators } from './operators.js';

/** Which corrections are fitted. What is left out stays as the plain cut has it, and the later fits see that. */
export interface FitSteps {
  /** Scale and bias vectors of each shape's own; else the first ones of the whole network's. */
  readonly normalisation: boolean;
  /** What kept heads and neurons add for removed ones. */
  readonly standIns: boolean;
  /** The map from a width's channels to all; `every-prune` fits it over all shapes of the width instead of the first alone. */
  readonly restoring: boolean | 'every-prune';
}

export interface FitOptions {
  readonly operators: Operators;
  readonly batches: readonly CalibrationBatch[];
  readonly layers: number;
  readonly layer: (index: number) => Promise<Layer>;
  readonly embeddingSums: readonly Float32Array[];
  readonly embeddingNorm: NormVectors;
  readonly epsilon: number;
  readonly heads: number;
  readonly headSize: number;
  readonly shapes: readonly Shape[];
  readonly countsOf: (shape: Shape) => UniformCounts;
  /** Rank of what stands in for removed heads and neurons. */
  readonly rank: number;
  /** What is fitted; all of it unless a comparison leaves steps out. */
  readonly steps?: Partial<FitSteps>;
  /** How strongly restoring is drawn to the identity, as a share of the channels' mean variance. */
  readonly restoringRidge?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

const RESTORE_RIDGE = 1e-3;
const STAND_IN_RIDGE = 1e-2;
/** Beside variances of about one. */
const NORM_RIDGE = 1e-6;

/** One shape on its way through the network. */
interface Lane {
  readonly shape: Shape;
  readonly counts: UniformCounts;
  /** [texts × tokens, channels] a batch. */
  hidden: Float32Array[];
}

/** What the whole network has at a site, and the vectors that it normalises with there. */
interface Whole {
  readonly results: readonly Float32Array[];
  readonly norm: NormVectors;
}

export async function fitSlices(options: FitOptions): Promise<Corrections> {
  return new SliceFit(options).run();
}

class SliceFit {
  private readonly corrections = new Corrections();
  private readonly hidden: number;
  private readonly lanes: readonly Lane[];
  private readonly steps: FitSteps;
  private full: Float32Array[] = [];

  constructor(private readonly options: FitOptions) {
    this.steps = { normalisation: true, standIns: true, restoring: true, ...options.steps };
    this.hidden = options.embeddingNorm.scale.length;
    // Wide before narrow and little pruned before much: what lanes share is fitted in the first that needs it.
    this.lanes = options.shapes
      .filter(({ width, prune }) => width < 1 || prune > 0)
      .toSorted((a, b) => b.width - a.width || a.prune - b.prune)
      .map((shape) => ({ shape, counts: options.countsOf(shape), hidden: [] }));
  }

  async run(): Promise<Corrections> {
    const { options, hidden } = this;
    const sums = options.embeddingSums;
    this.full = sums.map((each) =>
      applyNorm(normalisedRows(each, hidden, hidden, options.epsilon), options.embeddingNorm),
    );
    for (const lane of this.lanes) {
      const normalised = sums.map((each) => normalisedRows(each, hidden, lane.counts.channels, options.epsilon));
      lane.hidden = this.settle(lane, 0, normalised, { results: this.full, norm: options.embeddingNorm });
    }
    await this.restore(0, this.full);
    for (let index = 0; index < options.layers; index++) {
      const layer = await options.layer(index);
      await this.attention(layer, 2 * index + 1);
      await this.feedForward(layer, 2 * index + 2);
      options.onProgress?.(index + 1, options.layers);
    }
    return this.corrections;
  }

  private async attention(layer: Layer, site: number): Promise<void> {
    const { operators, batches, heads, headSize } = this.options;
    const whole = await this.halfLayer(this.full, layer.output, layer.outputNorm, (input, { texts, tokens }) =>
      operators.context(input, texts, tokens, heads, layer.qkv),
    );
    for (const lane of this.lanes) {
      const { counts, shape } = lane;
      const qkv = await cutQkv(operators, layer, counts, headSize, this.corrections.restoring(shape, site - 1));
      const values: Float32Array[] = [];
      for (const [at, { texts, tokens }] of batches.entries())
        values.push(await operators.context(lane.hidden[at], texts, tokens, counts.heads, qkv));
      await this.land(lane, site, values, layer.output, whole);
    }
    await this.restore(site, whole.results);
    this.full = whole.results;
  }

  private async feedForward(layer: Layer, site: number): Promise<void> {
    const { operators } = this.options;
    const whole = await this.halfLayer(this.full, layer.down, layer.downNorm, (input, { texts, tokens }) =>
      operators.inner(input, texts * tokens, layer.up),
    );
    for (const lane of this.lanes) {
      const up = await cutUp(operators, layer, lane.counts, this.corrections.restoring(lane.shape, site - 1));
      const values: Float32Array[] = [];
      for (const input of lane.hidden)
        values.push(await operators.inner(input, input.length / lane.counts.channels, up));
      await this.land(lane, site, values, layer.down, whole);
    }
    await this.restore(site, whole.results);
    this.full = whole.results;
  }

  /** One half of a layer of the whole network: the sums before the normalisation, and the results after it. */
  private async halfLayer(
    inputs: readonly Float32Array[],
    writing: Affine,
    norm: NormVectors,
    valuesOf: (input: Float32Array, batch: CalibrationBatch) => Promise<Float32Array>,
  ) {
    const [sums, results]: [Float32Array[], Float32Array[]] = [[], []];
    for (const [at, input] of inputs.entries()) {
      const values = await valuesOf(input, this.options.batches[at]);
      const rows = input.length / this.hidden;
      const { sum, normalised } = await this.options.operators.residual(values, rows, writing, input);
      sums.push(sum);
      results.push(applyNorm(normalised, norm));
    }
    return { sums, results, norm };
  }

  /** The lane's values into its residual stream: stand-ins for removed units, the sum, the normalisation. */
  private async land(
    lane: Lane,
    site: number,
    values: readonly Float32Array[],
    writing: Affine,
    whole: Whole & { readonly sums: readonly Float32Array[] },
  ): Promise<void> {
    const { operators } = this.options;
    const { channels } = lane.counts;
    const units = values[0].length / (lane.hidden[0].length / channels);
    const cut = cutWriting(writing, units, channels);
    if (this.steps.standIns && lane.shape.prune > 0 && lane.shape.width === 1)
      this.corrections.setLowRank(lane.shape, site, await this.standIn(lane, values, cut, whole.sums));
    const dense = withLowRank(cut, this.corrections.lowRank(lane.shape, site), this.hidden);
    const normalised: Float32Array[] = [];
    for (const [at, input] of lane.hidden.entries())
      normalised.push((await operators.residual(values[at], input.length / channels, dense, input)).normalised);
    lane.hidden = this.settle(lane, site, normalised, whole);
  }

  /**
   * What the kept units [rows, units] should add so that the lane's sum becomes the whole network's: ridge regression, then the
   * directions of the result that matter most (reduced-rank regression).
   */
  private async standIn(lane: Lane, values: readonly Float32Array[], cut: Affine, sums: readonly Float32Array[]) {
    const { operators, rank } = this.options;
    const units = cut.weight.length / this.hidden;
    const moments = new Moments(units, this.hidden);
    for (const [at, input] of lane.hidden.entries()) {
      const rows = input.length / this.hidden;
      const { sum } = await operators.residual(values[at], rows, cut, input);
      const missing = sums[at].map((value, i) => value - sum[i]);
      await moments.add(operators, values[at], missing, rows);
    }
    const { weight, bias } = moments.regression(STAND_IN_RIDGE);
    // Covariance of what the regression adds, [hidden, hidden]: weightᵀ C weight = weightᵀ × cross covariance, up to the ridge.
    const added = Float64Array.from(
      await operators.moment(Float32Array.from(weight), Float32Array.from(moments.crossCovariance()), units),
    );
    const symmetric = added.map((value, at) => {
      const [i, j] = [Math.floor(at / this.hidden), at % this.hidden];
      return (value + added[j * this.hidden + i]) / 2;
    });
    const kept = Math.min(rank, units, this.hidden);
    const left = Float32Array.from(leadingEigenvectors(symmetric, this.hidden, kept));
    const right = new Float32Array(units * kept);
    for (let i = 0; i < units; i++)
      for (let r = 0; r < kept; r++) {
        let sum = 0;
        for (let j = 0; j < this.hidden; j++) sum += weight[i * this.hidden + j] * left[r * this.hidden + j];
        right[i * kept + r] = sum;
      }
    return { left, right, bias: Float32Array.from(bias) };
  }

  /** Fits the normalisation to the whole network's result. */
  private settle(lane: Lane, site: number, normalised: Float32Array[], whole: Whole): Float32Array[] {
    const { channels } = lane.counts;
    const { scale, bias } = whole.norm;
    if (!this.steps.normalisation) {
      const first = { scale: scale.subarray(0, channels), bias: bias.subarray(0, channels) };
      return normalised.map((each) => applyNorm(each, first));
    }
    const norm = fitNorm(normalised, channels, whole.results, whole.norm);
    this.corrections.setNorm(lane.shape, site, norm);
    return normalised.map((each) => applyNorm(each, norm));
  }

  /** Every width's map from the kept channels to all, fitted where the width is least pruned. */
  private async restore(site: number, target: readonly Float32Array[]): Promise<void> {
    const { steps, hidden, lanes } = this;
    if (!steps.restoring) return;
    for (const { shape, counts } of lanes) {
      if (shape.width === 1 || this.corrections.restoring(shape, site)) continue;
      const { channels } = counts;
      const alike = lanes.filter((lane) => lane.shape.width === shape.width);
      const moments = new Moments(channels, hidden);
      for (const lane of steps.restoring === 'every-prune' ? alike : alike.slice(0, 1))
        for (const [at, values] of lane.hidden.entries())
          await moments.add(this.options.operators, values, target[at], values.length / channels);
      const itself = new Float64Array(channels * hidden);
      for (let i = 0; i < channels; i++) itself[i * hidden + i] = 1;
      const { weight, bias } = moments.regression(this.options.restoringRidge ?? RESTORE_RIDGE, itself);
      this.corrections.setRestoring(shape, site, { weight: Float32Array.from(weight), bias: Float32Array.from(bias) });
    }
  }
}

/**
 * Least squares a channel: target ≈ scale × normalised + bias. @param prior the whole network's vectors: a channel that stands
 * still in the calibration text says nothing of its scale, and keeps that one
 */
export function fitNorm(
  normalised: readonly Float32Array[],
  channels: number,
  target: readonly Float32Array[],
  prior: NormVectors,
): NormVectors {
  const hidden = prior.scale.length;
  const sums = Array.from({ length: 4 }, () => new Float64Array(channels));
  const [n, t, nn, nt] = sums;
  let rows = 0;
  for (const [batch, values] of normalised.entries()) {
    const wanted = target[batch];
    for (let at = 0, to = 0; at < values.length; at += channels, to += hidden) {
      rows++;
      for (let i = 0; i < channels; i++) {
        const [x, y] = [values[at + i], wanted[to + i]];
        n[i] += x;
        t[i] += y;
        nn[i] += x * x;
        nt[i] += x * y;
      }
    }
  }
  const scale = new Float32Array(channels);
  const bias = new Float32Array(channels);
  for (let i = 0; i < channels; i++) {
    const variance = nn[i] / rows - (n[i] / rows) ** 2;
    const covariance = nt[i] / rows - (n[i] / rows) * (t[i] / rows);
    const slope = (covariance + NORM_RIDGE * prior.scale[i]) / (variance + NORM_RIDGE);
    scale[i] = slope;
    bias[i] = t[i] / rows - slope * (n[i] / rows);
  }
  return { scale, bias };
}
