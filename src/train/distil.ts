/**
 * Nested distillation: all slices of a network learn at once from what a teacher, the whole network as it was fine-tuned, says of
 * texts and has inside while it reads them.
 */
import { softmax } from '../infer/index.js';
import { type EncoderShape, headTensors } from '../model/index.js';
import { AdamW } from './adamw.js';
import { Backpropagation } from './backpropagation.js';
import { batchOf, type LinearPooling } from './batch.js';
import { BestWeights, type Score } from './best-weights.js';
import { accuracyOn, type Balance, type Example, labelWeights, targetsOf } from './examples.js';
import { identityOf } from './fine-tune.js';
import { type NestedSlice, type SlicePlan, slicesOf } from './nested-slices.js';
import type { Parameters } from './parameters.js';
import { seededRandom } from './random.js';
import type { SliceWeights } from './slice.js';
import { planEpoch, withinBudget } from './steps.js';
import { mixedSeed, runSteps, type StateChoice, type StepReport } from './training-loop.js';
import { type WordDropping, withoutSomeWords } from './word-dropping.js';

export interface DistilRecipe {
  readonly steps: number;
  readonly textsPerStep: number;
  /** Most tokens, padding among them, that run at once. */
  readonly tokenBudget: number;
  readonly learningRate: number;
  readonly warmUp: number;
  readonly weightDecay: number;
  readonly clip: number;
  /** Of the teacher's and the slices' probabilities. */
  readonly temperature: number;
  /** Of the labels beside the teacher's answers. */
  readonly hardWeight: number;
  /** Of the hidden states beside the teacher's answers. */
  readonly hiddenWeight: number;
  readonly dropping: WordDropping;
  readonly balance: Balance;
  readonly pooling: LinearPooling;
  readonly seed: number;
}

export const defaultDistilRecipe: Omit<DistilRecipe, 'steps'> = {
  textsPerStep: 64,
  tokenBudget: 2048,
  learningRate: 2e-4,
  warmUp: 0.03,
  weightDecay: 0.01,
  clip: 1,
  temperature: 2,
  hardWeight: 0.3,
  hiddenWeight: 1,
  dropping: { texts: 0.5, words: 0.1 },
  balance: 'none',
  pooling: 'mean',
  seed: 0,
};

/** Held every few steps against rows that nothing learns from; what was best is what the run ends with. */
export interface SliceEvaluation {
  readonly examples: readonly Example[];
  /** Slices whose mean accuracy counts. */
  readonly slices: readonly NestedSlice[];
  readonly everySteps: number;
  readonly bestPath: string;
  readonly onEvaluated?: (score: Score, each: ReadonlyMap<string, number>) => void;
}

export interface DistilOptions {
  readonly recipe: DistilRecipe;
  readonly plan: SlicePlan;
  readonly threads: number;
  readonly recompute?: boolean;
  readonly state?: StateChoice;
  readonly evaluation?: SliceEvaluation;
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Trains the parameters in place, those that slices have of their own among them; the teacher's stay. Examples without a label
 * learn from the teacher alone.
 * @throws TRAINING_DIVERGED, RESUME_MISMATCH, SAFETENSORS_…, DISK_FULL
 */
export async function distil(
  shape: EncoderShape,
  parameters: Parameters,
  teacher: Parameters,
  examples: readonly Example[],
  options: DistilOptions,
): Promise<{ done: number; best?: Score }> {
  const { recipe, plan, threads, state, evaluation, onStep, signal } = options;
  const optimiser = new AdamW(parameters, { weightDecay: recipe.weightDecay, threads });
  const identity = state || evaluation ? identityOf({ recipe, plan }, examples, parameters) : '';
  const stepper = new DistilStepper(shape, parameters, teacher, examples, options);
  const best = evaluation && (await BestWeights.open(evaluation.bestPath, identity));
  try {
    const done = await runSteps({
      parameters,
      optimiser,
      steps: recipe.steps,
      pace: recipe,
      gradients: (step) => stepper.gradients(step),
      state: state && { ...state, run: identity },
      onStep,
      check: evaluation &&
        best && {
          everySteps: evaluation.everySteps,
          run: async (step) => {
            const each = await stepper.accuracies(evaluation);
            const accuracy = [...each.values()].reduce((sum, one) => sum + one, 0) / Math.max(1, each.size);
            await best.offer(parameters, { accuracy, step });
            evaluation.onEvaluated?.({ accuracy, step }, each);
            return true;
          },
        },
      signal,
    });
    if (!signal?.aborted) await best?.restore(parameters);
    return { done, best: best?.score };
  } finally {
    await stepper.close();
    await optimiser.close();
  }
}

class DistilStepper {
  private readonly student: Backpropagation;
  private readonly teacher: Backpropagation;
  private readonly lengths: readonly number[];
  private readonly labelWeights: Float32Array;
  private readonly slices = new Map<string, SliceWeights>();
  private planned: { readonly epoch: number; readonly steps: number[][] } | undefined;

  constructor(
    private readonly shape: EncoderShape,
    parameters: Parameters,
    teacher: Parameters,
    private readonly examples: readonly Example[],
    private readonly options: DistilOptions,
  ) {
    const { threads, recompute, recipe } = options;
    this.student = new Backpropagation(shape, parameters, { threads, recompute });
    this.teacher = new Backpropagation(shape, teacher, { threads });
    this.lengths = examples.map(({ ids }) => ids.length);
    this.labelWeights = labelWeights(examples, parameters.of(headTensors.bias).shape[0], recipe.balance);
  }

  /** Adds up the gradients of all slices that learn in a step. */
  async gradients(step: number) {
    const { recipe, plan } = this.options;
    const texts = this.textsOf(step);
    const random = seededRandom(mixedSeed(recipe.seed, 3, step));
    const slices = slicesOf(plan, step, random);
    const rows = texts.map((text) => ({
      ...this.examples[text],
      ids: withoutSomeWords(this.examples[text].ids, random, recipe.dropping),
    }));
    const lengths = rows.map(({ ids }) => ids.length);
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const counts: number[] = [];
    let loss = 0;
    for (const part of withinBudget([...rows.keys()], lengths, recipe.tokenBudget)) {
      const some = part.map((row) => rows[row]);
      const batch = batchOf(
        some.map(({ ids }) => ids),
        undefined,
        recipe.pooling,
      );
      counts.push(batch.texts * batch.tokens);
      const { logits, states } = await this.teacher.answers(batch);
      const wanted = {
        targets: targetsOf(some, this.labelWeights, 0),
        hardWeight: recipe.hardWeight / texts.length,
        teacher: {
          soft: softened(logits, batch.texts, recipe.temperature),
          weight: 1 / texts.length,
          temperature: recipe.temperature,
        },
        hidden: { states, channels: this.shape.hiddenSize, weight: recipe.hiddenWeight / tokens },
      };
      for (const slice of slices)
        loss += (await this.student.run(batch, wanted, { slice: await this.ready(slice) })).loss / slices.length;
    }
    return { loss, tokens, rows: counts };
  }

  async accuracies({ examples, slices }: SliceEvaluation): Promise<Map<string, number>> {
    const each = new Map<string, number>();
    for (const slice of slices)
      each.set(
        slice.name,
        await accuracyOn(this.student, examples, { ...this.options.recipe, slice: await this.ready(slice) }),
      );
    return each;
  }

  async close(): Promise<void> {
    await this.student.close();
    await this.teacher.close();
  }

  private textsOf(step: number): number[] {
    const { textsPerStep, seed } = this.options.recipe;
    const perEpoch = Math.ceil(this.examples.length / textsPerStep);
    const epoch = Math.floor(step / perEpoch);
    if (this.planned?.epoch !== epoch)
      this.planned = {
        epoch,
        steps: planEpoch(this.lengths, textsPerStep, seededRandom(mixedSeed(seed, 4, epoch))),
      };
    return this.planned.steps[step % perEpoch];
  }

  /** A slice's weights as they are now; they lie in room that all slices share, so only the last one asked for may run. */
  private async ready(slice: NestedSlice): Promise<SliceWeights> {
    const known = this.slices.get(slice.name) ?? this.student.slice(slice);
    this.slices.set(slice.name, known);
    await known.refresh();
    return known;
  }
}

/** A teacher's probabilities at a temperature, text after text. */
function softened(logits: Float32Array, texts: number, temperature: number): Float32Array {
  const labels = logits.length / texts;
  const soft = new Float32Array(logits.length);
  for (let text = 0; text < texts; text++)
    soft.set(softmax(logits.subarray(text * labels, (text + 1) * labels), temperature), text * labels);
  return soft;
}
