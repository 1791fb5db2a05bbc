/**
 * Runs calibration text through a network to find out what it can do without: the order of channels, heads and neurons, and the
 * corrections that every shape needs beside a plain cut. Nothing is trained; every fit is in closed form.
 */
import type { TensorSource } from '../checkpoint/index.js';
import { type Arrangement, arranged } from '../compress/arrange.js';
import { orderChannels, type ReadingSite } from '../compress/channel-order.js';
import { orderUnits } from '../compress/unit-order.js';
import type { Activation } from '../model/index.js';
import { calibrationBatches } from './batches.js';
import type { Corrections, Shape, UniformCounts } from './corrections.js';
import { embeddingSums, normalisedRows } from './embedding.js';
import { type FitSteps, fitSlices } from './fit-slices.js';
import { applyNorm, readLayer, readNorm } from './layer.js';
import { Operators } from './operators.js';
import { layerStatistics } from './statistics.js';

export { type Corrections, keyOf, nameOf, type Shape, type UniformCounts } from './corrections.js';
export type { FitSteps } from './fit-slices.js';
export type { NormVectors } from './layer.js';

export interface CalibratedNetwork {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  readonly neurons: number;
  readonly hidden: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
}

export interface CalibrateOptions {
  readonly source: TensorSource;
  readonly network: CalibratedNetwork;
  /** Token ids of the calibration texts. */
  readonly rows: readonly (readonly number[])[];
  readonly shapes: readonly Shape[];
  readonly countsOf: (shape: Shape) => UniformCounts;
  readonly threads: number;
  readonly onProgress: (phase: string, done: number, total: number) => void;
}

export interface CorrectOptions extends CalibrateOptions {
  /** What is fitted; all of it unless a comparison leaves steps out. */
  readonly steps?: Partial<FitSteps>;
  /** Directions of the result in which kept units stand in for removed ones. */
  readonly standInRank?: number;
  /** How strongly restoring is drawn to the identity, as a share of the channels' mean variance. */
  readonly restoringRidge?: number;
}

export interface Calibrated {
  /** The same network, what is worth keeping first. */
  readonly arranged: TensorSource;
  /** The original number of each channel, in the order that it has now. */
  readonly channels: readonly number[];
  readonly corrections: Corrections;
}

const UNIT_RIDGE = 1e-3;
const STAND_IN_RANK = 32;

/** Orders the network and fits the corrections of the shapes. The same input gives the same result. */
export async function calibrate(options: CalibrateOptions): Promise<Calibrated> {
  const arrangement = await orderNetwork(options);
  const source = arranged(options.source, arrangement);
  return { arranged: source, channels: arrangement.channels, corrections: await correct({ ...options, source }) };
}

/** What is worth keeping first: the order of channels, and of every layer's heads and neurons. */
export async function orderNetwork(options: CalibrateOptions): Promise<Arrangement> {
  return withOperators(options, (operators) => arrange(operators, options));
}

/** Fits the corrections of shapes that keep the first channels, heads and neurons of `source`. */
export async function correct(options: CorrectOptions): Promise<Corrections> {
  const { network, source, rows, shapes, countsOf, steps, standInRank, restoringRidge } = options;
  const batches = calibrationBatches(rows);
  const sums = await embeddingSums(source, batches);
  const embeddingNorm = await readNorm(source, 'embeddings.LayerNorm');
  return withOperators(options, (operators) =>
    fitSlices({
      operators,
      batches,
      layers: network.layers,
      layer: (index) => readLayer(source, index),
      embeddingSums: sums,
      embeddingNorm,
      epsilon: network.layerNormEps,
      heads: network.heads,
      headSize: network.headSize,
      shapes,
      countsOf,
      rank: standInRank ?? STAND_IN_RANK,
      steps,
      restoringRidge,
      onProgress: (done, total) => options.onProgress('fitting slices', done, total),
    }),
  );
}

async function withOperators<Result>(
  { network, threads }: CalibrateOptions,
  use: (operators: Operators) => Promise<Result>,
): Promise<Result> {
  const operators = new Operators({ ...network, threads });
  try {
    return await use(operators);
  } finally {
    await operators.close();
  }
}

async function arrange(operators: Operators, options: CalibrateOptions): Promise<Arrangement> {
  const { source, network, shapes, countsOf, onProgress } = options;
  const { hidden: size, layers, headSize, layerNormEps } = network;
  const batches = calibrationBatches(options.rows);
  const norm = await readNorm(source, 'embeddings.LayerNorm');
  const hidden = (await embeddingSums(source, batches)).map((sums) =>
    applyNorm(normalisedRows(sums, size, size, layerNormEps), norm),
  );
  const fewest = shapes.map(countsOf);
  const sites: ReadingSite[] = [];
  const heads: number[][] = [];
  const neurons: number[][] = [];
  for (let index = 0; index < layers; index++) {
    onProgress('ranking heads and neurons', index, layers);
    const layer = await readLayer(source, index);
    const statistics = await layerStatistics(operators, layer, network.heads, batches, hidden);
    sites.push(...statistics.sites);
    const order = (covariance: Float64Array, weight: Float32Array, group: number, keepAtLeast: number) =>
      orderUnits({
        covariance,
        weight: Float64Array.from(weight),
        outputs: size,
        group,
        ridge: UNIT_RIDGE,
        keepAtLeast,
      });
    heads.push(
      order(statistics.context, layer.output.weight, headSize, Math.min(...fewest.map((count) => count.heads))),
    );
    neurons.push(order(statistics.inner, layer.down.weight, 1, Math.min(...fewest.map((count) => count.neurons))));
  }
  onProgress('ranking channels', 0, 0);
  return { channels: orderChannels(sites, size), heads, neurons, headSize };
}
