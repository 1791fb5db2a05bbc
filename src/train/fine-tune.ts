/** Fine-tuning of the whole network under a linear head, on labelled rows. */
import { createHash } from 'node:crypto';
import { type EncoderShape, headTensors } from '../model/index.js';
import { AdamW } from './adamw.js';
import { Backpropagation } from './backpropagation.js';
import { batchOf, type LinearPooling } from './batch.js';
import { BestWeights, type Score } from './best-weights.js';
import { DropRoom, drawDrops } from './dropout.js';
import { accuracyOn, type Balance, type Example, labelWeights, targetsOf } from './examples.js';
import type { Parameters } from './parameters.js';
import { seededRandom } from './random.js';
import { wholeSlice } from './slice.js';
import { planEpoch, withinBudget } from './steps.js';
import { mixedSeed, runSteps, type StateChoice, type StepReport } from './training-loop.js';

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
  readonly balance: Balance;
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
  balance: 'none',
  pooling: 'mean',
  seed: 0,
};

/** Held after every epoch against rows that nothing learns from; what was best is what the run ends with. */
export interface Evaluation {
  readonly examples: readonly Example[];
  /** Where the best weights so far are kept. */
  readonly bestPath: string;
  /** Epochs without a better one after which the run ends early. */
  readonly patience: number;
  readonly onEvaluated?: (score: Score) => void;
}

/** Share of all steps that a run waits for something better: epochs of a few steps say little. */
const LEAST_PATIENCE = 0.3;

/** A loss so many times that of guessing is of a run that learns nothing any more. */
const LOST = 20;

export interface FineTuneOptions {
  readonly recipe: Recipe;
  readonly threads: number;
  readonly recompute?: boolean;
  readonly state?: StateChoice;
  readonly evaluation?: Evaluation;
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** Ends the run after the step at hand. */
  readonly signal?: AbortSignal;
}

/**
 * Trains the parameters in place; gives how many steps were taken of how many, and the best score on eval rows, whose weights
 * the parameters have then.
 * @throws TRAINING_DIVERGED, RESUME_MISMATCH, SAFETENSORS_…, DISK_FULL
 */
export async function fineTune(
  shape: EncoderShape,
  parameters: Parameters,
  examples: readonly Example[],
  { recipe, threads, recompute, state, evaluation, onStep, signal }: FineTuneOptions,
): Promise<{ done: number; steps: number; best?: Score }> {
  const perEpoch = Math.ceil(examples.length / recipe.textsPerStep);
  const steps = perEpoch * recipe.epochs;
  const isHead = (name: string) => name === headTensors.weight || name === headTensors.bias;
  const { weightDecay, headRate } = recipe;
  const optimiser = new AdamW(parameters, { weightDecay, threads, rateOf: (name) => (isHead(name) ? headRate : 1) });
  const identity = state || evaluation ? identityOf(recipe, examples, parameters) : '';
  const stepper = new Stepper(shape, parameters, examples, recipe, threads, recompute);
  const best = evaluation && (await BestWeights.open(evaluation.bestPath, identity));
  try {
    const done = await runSteps({
      parameters,
      optimiser,
      steps,
      pace: recipe,
      gradients: (step) => stepper.gradients(step, stepper.plan(Math.floor(step / perEpoch))[step % perEpoch]),
      mostLoss: stepper.mostLoss,
      state: state && { ...state, run: identity },
      onStep,
      check: evaluation &&
        best && {
          everySteps: perEpoch,
          run: async (step) => {
            const score = { step, accuracy: await stepper.accuracy(evaluation.examples) };
            await best.offer(parameters, score);
            evaluation.onEvaluated?.(score);
            const patience = Math.max(evaluation.patience * perEpoch, LEAST_PATIENCE * steps);
            return step - best.reachedAtStep < patience;
          },
        },
      signal,
    });
    if (!signal?.aborted) await best?.restore(parameters);
    return { done, steps, best: best?.score };
  } finally {
    await stepper.close();
    await optimiser.close();
  }
}

/** Works out the gradients of a step. */
class Stepper {
  private readonly run: Backpropagation;
  private readonly lengths: readonly number[];
  private readonly weights: Float32Array;
  private readonly room = new DropRoom();
  private planned: { readonly epoch: number; readonly steps: number[][] } | undefined;

  constructor(
    private readonly shape: EncoderShape,
    parameters: Parameters,
    private readonly examples: readonly Example[],
    private readonly recipe: Recipe,
    threads: number,
    recompute = false,
  ) {
    this.run = new Backpropagation(shape, parameters, { threads, recompute });
    this.lengths = examples.map(({ ids }) => ids.length);
    this.weights = labelWeights(examples, parameters.of(headTensors.bias).shape[0], recipe.balance);
  }

  get mostLoss(): number {
    const guessing = Math.log(Math.max(2, this.weights.length));
    return LOST * guessing * this.weights.reduce((most, weight) => Math.max(most, weight), 1);
  }

  plan(epoch: number): number[][] {
    if (this.planned?.epoch !== epoch) {
      const random = seededRandom(mixedSeed(this.recipe.seed, 1, epoch));
      this.planned = { epoch, steps: planEpoch(this.lengths, this.recipe.textsPerStep, random) };
    }
    return this.planned.steps;
  }

  /** Adds up the gradients of a step's texts, and gives their mean loss, their tokens and the rows of each run. */
  async gradients(step: number, texts: readonly number[]) {
    const { smoothing, dropout, pooling, tokenBudget, seed } = this.recipe;
    const random = seededRandom(mixedSeed(seed, 2, step));
    let loss = 0;
    const counts: number[] = [];
    for (const part of withinBudget(texts, this.lengths, tokenBudget)) {
      const rows = part.map((text) => this.examples[text]);
      const batch = batchOf(
        rows.map(({ ids }) => ids),
        undefined,
        pooling,
      );
      counts.push(batch.texts * batch.tokens);
      const drops = dropout > 0 ? drawDrops(random, dropout, batch, wholeSlice(this.shape), this.room) : undefined;
      const targets = targetsOf(rows, this.weights, smoothing);
      loss += (await this.run.run(batch, { targets, hardWeight: 1 / texts.length }, { drops })).loss;
    }
    return { loss, rows: counts, tokens: texts.reduce((sum, text) => sum + this.lengths[text], 0) };
  }

  accuracy(examples: readonly Example[]): Promise<number> {
    return accuracyOn(this.run, examples, this.recipe);
  }

  close(): Promise<void> {
    return this.run.close();
  }
}

/** What a state on disk belongs to. */
export function identityOf(recipe: object, examples: readonly Example[], parameters: Parameters): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const { ids, label } of examples) hash.update(`${label}:${ids.join(',')};`);
  for (const { name, values } of parameters)
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest('hex');
}
