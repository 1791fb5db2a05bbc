/**
 * A search over how many heads and neurons each layer keeps, before slices are trained, so that what it finds is trained with them. What a
 * unit loses alone is measured once on training texts, as the divergence of the answers from the unpruned slice's; the sum over units
 * ranks all allocations of a cost without evaluating any. The best of each cost, and the uniform one that they have to beat, are
 * asked the eval rows: before training, and once more after it.
 */
import { keyOf } from '../../calibrate/index.js';
import { SafetensorsFile } from '../../checkpoint/index.js';
import { softmax } from '../../infer/index.js';
import { shapeOf } from '../../model/index.js';
import {
  accuracyOn,
  Backpropagation,
  type Example,
  logitsOn,
  mixedSeed,
  type NestedSlice,
  Parameters,
  seededRandom,
} from '../../train/index.js';
import type { Workshop } from '../build.js';
import { sampled } from '../calibration-texts.js';
import { linearPooling } from '../training/pooling.js';
import type { StoredCorrections } from '../training/stored-corrections.js';
import type { TrainingRows } from '../training/train-encoder.js';
import { cheapest, randomWithin, rankCorrelation } from './allocate.js';
import { mixedSlice, type Size, sliceOf } from './mixed-slices.js';
import { type Allocation, costOf, LEVELS, layersOf, prunedShare, totalCost, unitsOf } from './units.js';

/** Uniform slices whose cost is to be spent better. */
const WIDTHS = [1, 0.5];
const BUDGETS = [0.25, 0.5, 0.75];
const PROXY_TEXTS = 256;
/** Allocations of each cost, at random, that tell how well the proxy ranks. */
const RANDOM = 5;
const TOKEN_BUDGET = 1024;

export interface FoundShape {
  /** A shape's name, `w0.50-p0.26+a`. */
  readonly name: string;
  readonly width: number;
  /** The prune of the uniform shape that costs as much. */
  readonly budget: number;
  readonly allocation: Allocation;
  readonly layers: readonly { readonly heads: number; readonly neurons: number }[];
}

export interface Search {
  /** Those that beat the uniform one of their cost before training. */
  readonly found: readonly FoundShape[];
  /** Of the proxy's order with the order of accuracies, on average: over all that was evaluated at a width, and over that of one cost. */
  readonly rankCorrelation: number;
  readonly rankCorrelationAtCost: number;
  readonly evaluated: number;
}

/** @param parameters untrained, with what every uniform slice has of its own; more is added to them */
export function searchShapes(
  workshop: Workshop,
  parameters: Parameters,
  corrections: StoredCorrections,
  rows: TrainingRows,
): Promise<Search> {
  return searching(workshop, parameters, (run) => new ShapeSearch(workshop, parameters, run, rows, corrections).run());
}

/** Those of the found shapes that, trained, still answer more eval rows right than the trained uniform one of their cost. */
export async function worthKeeping(
  workshop: Workshop,
  { path, corrections }: { readonly path: string; readonly corrections: StoredCorrections },
  found: readonly FoundShape[],
  rows: TrainingRows,
  labels: number,
): Promise<FoundShape[]> {
  if (found.length === 0) return [];
  const parameters = await trainedParameters(workshop, path, labels);
  return searching(workshop, parameters, async (run) => {
    const search = new ShapeSearch(workshop, parameters, run, rows, corrections);
    const kept: FoundShape[] = [];
    for (const shape of found) if (await search.beatsUniform(shape)) kept.push(shape);
    return kept;
  });
}

async function searching<Result>(
  { checkpoint, options }: Workshop,
  parameters: Parameters,
  use: (run: Backpropagation) => Promise<Result>,
): Promise<Result> {
  const run = new Backpropagation(shapeOf(checkpoint), parameters, { threads: options.threads });
  try {
    return await use(run);
  } finally {
    await run.close();
  }
}

async function trainedParameters({ checkpoint }: Workshop, path: string, labels: number): Promise<Parameters> {
  const file = await SafetensorsFile.open(path);
  try {
    return await Parameters.readWithOwn(file, shapeOf(checkpoint), labels);
  } finally {
    await file.close();
  }
}

class ShapeSearch {
  private readonly size: Size;
  private readonly texts: readonly Example[];
  private tried = 0;

  constructor(
    private readonly workshop: Workshop,
    private readonly parameters: Parameters,
    private readonly running: Backpropagation,
    private readonly rows: TrainingRows,
    private readonly corrections: StoredCorrections,
  ) {
    this.size = workshop.checkpoint.config;
    const { seed } = workshop.options;
    this.texts = sampled([...rows.train, ...rows.unlabelled], PROXY_TEXTS, seed);
  }

  async run(): Promise<Search> {
    const { size } = this;
    const costs = this.costs();
    const found: FoundShape[] = [];
    const ranks: Record<'width' | 'cost', number[]> = { width: [], cost: [] };
    for (const width of WIDTHS) {
      const losses = await this.losses(width);
      const proxy = (allocation: Allocation) => allocation.reduce((sum, level, unit) => sum + losses[unit][level], 0);
      const ofWidth: Ranked[] = [];
      for (const prune of BUDGETS) {
        const uniform = this.uniform(prune);
        const budget = totalCost(uniform, size);
        const best = cheapest(losses, costs, budget);
        if (!best) continue;
        const random = seededRandom(mixedSeed(this.workshop.options.seed, 100 * width, 100 * prune));
        const others = Array.from({ length: RANDOM }, () => randomWithin(costs, budget, random));
        const all = distinct([best, uniform, ...others]);
        if (all.length === 1) continue; // the dearest prune everywhere leaves nothing to choose
        const ofCost: Ranked[] = [];
        for (const allocation of all)
          ofCost.push({ proxy: proxy(allocation), accuracy: await this.accuracy(width, allocation) });
        ranks.cost.push(agreement(ofCost));
        ofWidth.push(...ofCost);
        const right = (wanted: Allocation) => ofCost[all.findIndex((one) => isSame(one, wanted))].accuracy;
        if (right(best) <= right(uniform)) continue;
        const share = keyOf(prunedShare(best, size));
        const name = `w${keyOf(width)}-p${share}+${'abcdefgh'[found.length]}`;
        found.push({ name, width, budget: prune, allocation: best, layers: layersOf(best, size) });
      }
      ranks.width.push(agreement(ofWidth));
    }
    return {
      found,
      rankCorrelation: mean(ranks.width),
      rankCorrelationAtCost: mean(ranks.cost),
      evaluated: this.tried,
    };
  }

  /** Whether a trained shape answers more eval rows right than the trained uniform one of its cost. */
  async beatsUniform(found: FoundShape): Promise<boolean> {
    const right = await this.rightOf(sliceOf(found, this.size, this.corrections));
    return right > (await this.accuracy(found.width, this.uniform(found.budget)));
  }

  private uniform(prune: number): Allocation {
    return Array.from({ length: unitsOf(this.size) }, () => LEVELS.indexOf(prune as (typeof LEVELS)[number]));
  }

  /** What each unit loses at each level by itself: mean divergence of the answers (Kullback-Leibler) over the texts. */
  private async losses(width: number): Promise<number[][]> {
    const units = unitsOf(this.size);
    const whole: number[] = Array.from({ length: units }, () => 0);
    const before = await this.answers(this.slice(width, whole));
    const losses: number[][] = [];
    for (let unit = 0; unit < units; unit++) {
      this.workshop.options.onProgress('searching layers', unit, units, `width ${width}`);
      const row = [0];
      for (let level = 1; level < LEVELS.length; level++) {
        const cut = whole.with(unit, level);
        row.push(divergence(before, await this.answers(this.slice(width, cut))));
      }
      losses.push(row);
    }
    return losses;
  }

  private async accuracy(width: number, allocation: Allocation): Promise<number> {
    this.tried++;
    this.workshop.options.onProgress('searching layers', 0, 0, `allocation ${this.tried}`);
    return this.rightOf(this.slice(width, allocation));
  }

  private async rightOf(nested: NestedSlice): Promise<number> {
    const slice = this.running.slice(nested);
    await slice.refresh();
    return accuracyOn(this.running, this.rows.evaluation, { tokenBudget: TOKEN_BUDGET, pooling: this.pooling, slice });
  }

  /** Probabilities, text after text. */
  private async answers(slice: NestedSlice): Promise<Float32Array[]> {
    const weights = this.running.slice(slice);
    await weights.refresh();
    const how = { tokenBudget: TOKEN_BUDGET, pooling: this.pooling, slice: weights };
    return (await logitsOn(this.running, this.texts, how)).map((logits) => Float32Array.from(softmax(logits, 1)));
  }

  private slice(width: number, allocation: Allocation): NestedSlice {
    const name = `search ${width} ${allocation.join('')}`;
    return mixedSlice(this.parameters, { name, width, allocation }, this.size, this.corrections);
  }

  private get pooling() {
    return linearPooling(this.workshop.checkpoint);
  }

  private costs(): number[][] {
    const units = Array.from({ length: unitsOf(this.size) }, (_, unit) => unit);
    return units.map((unit) => LEVELS.map((_, level) => costOf(unit, level, this.size)));
  }
}

interface Ranked {
  readonly proxy: number;
  readonly accuracy: number;
}

/** How well small losses go with high accuracies. */
const agreement = (ranked: readonly Ranked[]) =>
  rankCorrelation(
    ranked.map((one) => one.proxy),
    ranked.map((one) => -one.accuracy),
  );

const isSame = (one: Allocation, other: Allocation) => one.join() === other.join();

const distinct = (all: readonly Allocation[]) =>
  all.filter((one, at) => all.findIndex((each) => isSame(each, one)) === at);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Mean of Σ p log(p / q) over the texts. */
function divergence(wanted: readonly Float32Array[], got: readonly Float32Array[]): number {
  let sum = 0;
  for (const [text, p] of wanted.entries())
    for (const [label, share] of p.entries())
      if (share > 0) sum += share * Math.log(share / Math.max(got[text][label], 1e-12));
  return sum / Math.max(1, wanted.length);
}
