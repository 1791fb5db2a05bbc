/** Fine-tuning of the whole network under a linear head, on labelled rows. */
import { createHash } from 'node:crypto';
import { SnugError } from '../errors/index.js';
import { type EncoderShape, headTensors } from '../model/index.js';
import { AdamW } from './adamw.js';
import { Backpropagation } from './backpropagation.js';
import { batchOf, type LinearPooling } from './batch.js';
import { drawDrops } from './dropout.js';
import type { Parameters } from './parameters.js';
import { seededRandom } from './random.js';
import { warmUpThenFall } from './schedule.js';
import { wholeSlice } from './slice.js';
import { planEpoch, withinBudget } from './steps.js';
import { loadState, saveState } from './training-state.js';

export interface Example {
  readonly ids: readonly number[];
  /** Number of the label. */
  readonly label: number;
}

/** What a run is: the same recipe, examples and parameters give the same losses. */
export interface Recipe {
  readonly epochs: number;
  readonly textsPerStep: number;
  /** Most tokens, padding among them, that run at once; more of a step run one after the other. */
  readonly tokenBudget: number;
  readonly learningRate: number;
  /** The head starts from nothing, and learns so many times faster. */
  readonly headRate: number;
  /** Share of the steps in which the learning rate rises. */
  readonly warmUp: number;
  readonly weightDecay: number;
  /** Longest that the gradients may be together. */
  readonly clip: number;
  readonly smoothing: number;
  readonly dropout: number;
  readonly pooling: LinearPooling;
  readonly seed: number;
}

export const defaultRecipe: Recipe = {
  epochs: 6,
  textsPerStep: 64,
  tokenBudget: 2048,
  learningRate: 1e-4,
  headRate: 10,
  warmUp: 0.1,
  weightDecay: 0.01,
  clip: 1,
  smoothing: 0.05,
  dropout: 0.1,
  pooling: 'mean',
  seed: 0,
};

export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** Mean over the step's texts, dropout and smoothing included. */
  readonly loss: number;
  /** Of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** Without padding. */
  readonly tokens: number;
  /** With padding, of each run that the step was split into. */
  readonly rows: readonly number[];
}

export interface FineTuneOptions {
  readonly recipe: Recipe;
  readonly threads: number;
  readonly recompute?: boolean;
  /** Where the run is kept, and after how many steps each; `resume` goes on from there. */
  readonly state?: { readonly path: string; readonly everySteps: number; readonly resume: boolean };
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** Ends the run after the step at hand. */
  readonly signal?: AbortSignal;
}

/**
 * Trains the parameters in place; gives how many steps were taken of how many. Nothing is changed by a step whose loss or
 * gradient is not finite.
 * @throws TRAINING_DIVERGED, RESUME_MISMATCH, SAFETENSORS_…, DISK_FULL
 */
export async function fineTune(
  shape: EncoderShape,
  parameters: Parameters,
  examples: readonly Example[],
  { recipe, threads, recompute, state, onStep, signal }: FineTuneOptions,
): Promise<{ done: number; steps: number }> {
  const perEpoch = Math.ceil(examples.length / recipe.textsPerStep);
  const steps = perEpoch * recipe.epochs;
  const isHead = (name: string) => name.endsWith(headTensors.weight) || name.endsWith(headTensors.bias);
  const { weightDecay, headRate } = recipe;
  const optimiser = new AdamW(parameters, { weightDecay, threads, rateOf: (name) => (isHead(name) ? headRate : 1) });
  const place = state && { path: state.path, run: identityOf(recipe, examples, parameters) };
  if (place && state?.resume) await loadState(place, parameters, optimiser);
  const step = new Stepper(shape, parameters, examples, recipe, threads, recompute);
  try {
    while (optimiser.steps < steps && !signal?.aborted) {
      const at = optimiser.steps;
      const texts = step.plan(Math.floor(at / perEpoch))[at % perEpoch];
      const { loss, rows } = await step.gradients(at, texts);
      const rate = recipe.learningRate * warmUpThenFall(at + 1, steps + 1, recipe.warmUp);
      const gradientNorm = Number.isFinite(loss) ? await optimiser.step(rate, recipe.clip) : Number.NaN;
      if (!Number.isFinite(gradientNorm))
        throw new SnugError('TRAINING_DIVERGED', `step ${at + 1} of ${steps}: the loss or its gradient is not finite`);
      const tokens = texts.reduce((sum, text) => sum + examples[text].ids.length, 0);
      await onStep?.({ step: at + 1, steps, loss, gradientNorm, tokens, rows });
      if (place && state && (optimiser.steps % state.everySteps === 0 || optimiser.steps === steps))
        await saveState(place, parameters, optimiser);
    }
    if (place && signal?.aborted) await saveState(place, parameters, optimiser);
    return { done: optimiser.steps, steps };
  } finally {
    await step.close();
    await optimiser.close();
  }
}

/** Chance comes from the seed and the step's number alone, so that a run can be taken up anywhere. */
class Stepper {
  private readonly run: Backpropagation;
  private readonly lengths: readonly number[];
  private planned: { readonly epoch: number; readonly steps: number[][] } | undefined;

  constructor(
    private readonly shape: EncoderShape,
    private readonly parameters: Parameters,
    private readonly examples: readonly Example[],
    private readonly recipe: Recipe,
    threads: number,
    recompute = false,
  ) {
    this.run = new Backpropagation(shape, parameters, { threads, recompute });
    this.lengths = examples.map(({ ids }) => ids.length);
  }

  plan(epoch: number): number[][] {
    if (this.planned?.epoch !== epoch) {
      const random = seededRandom(mixed(this.recipe.seed, 1, epoch));
      this.planned = { epoch, steps: planEpoch(this.lengths, this.recipe.textsPerStep, random) };
    }
    return this.planned.steps;
  }

  /** Adds up the gradients of a step's texts, and gives their mean loss and the rows of each run. */
  async gradients(step: number, texts: readonly number[]): Promise<{ loss: number; rows: number[] }> {
    const { smoothing, dropout, pooling, tokenBudget, seed } = this.recipe;
    const [labels] = this.parameters.of(headTensors.bias).shape;
    const random = seededRandom(mixed(seed, 2, step));
    this.parameters.clearGradients();
    let loss = 0;
    const counts: number[] = [];
    for (const part of withinBudget(texts, this.lengths, tokenBudget)) {
      const rows = part.map((text) => this.examples[text]);
      const targets = new Float32Array(rows.length * labels).fill(smoothing / labels);
      for (const [row, { label }] of rows.entries()) targets[row * labels + label] += 1 - smoothing;
      const batch = batchOf(
        rows.map(({ ids }) => ids),
        undefined,
        pooling,
      );
      counts.push(batch.texts * batch.tokens);
      const drops = dropout > 0 ? drawDrops(random, dropout, batch, wholeSlice(this.shape)) : undefined;
      loss += (await this.run.run(batch, { targets, hardWeight: 1 / texts.length }, { drops })).loss;
    }
    return { loss, rows: counts };
  }

  close(): Promise<void> {
    return this.run.close();
  }
}

/** A seed of its own for each use and step. */
const mixed = (seed: number, use: number, step: number) =>
  Math.imul(Math.imul(seed + 0x51ed270b, 0x2c1b3c6d) ^ (use * 0x297a2d39), 0x85ebca6b) ^
  Math.imul(step + 1, 0x9e3779b1);

/** What a state on disk belongs to. */
function identityOf(recipe: Recipe, examples: readonly Example[], parameters: Parameters): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const { ids, label } of examples) hash.update(`${label}:${ids.join(',')};`);
  for (const { name, values } of parameters)
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest('hex');
}
