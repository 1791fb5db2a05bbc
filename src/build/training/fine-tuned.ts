/** First phase: the whole network learns the labels. */
import { SnugError } from '../../errors/index.js';
import { shapeOf } from '../../model/index.js';
import { defaultRecipe, type Example, fineTune, Parameters, writeWeights } from '../../train/index.js';
import type { Workshop } from '../build.js';
import { curveOf } from './curve.js';
import { linearPooling } from './pooling.js';
import { RunReport } from './run-report.js';
import type { TrainingRows } from './train-encoder.js';
import type { TrainingPlan } from './training-plan.js';

const STATE_EVERY = 200;
/** Epochs without a better one on eval rows after which it ends. */
const PATIENCE = 3;

/** Path of the fine-tuned weights, a head among them, under the checkpoint's names. */
export function fineTuned(
  workshop: Workshop,
  rows: TrainingRows,
  labels: number,
  { epochs, memory: { tokenBudget, recompute } }: TrainingPlan,
): Promise<string> {
  const { checkpoint, options, place } = workshop;
  return place.file('fine-tuned.safetensors', async (path) => {
    const shape = shapeOf(checkpoint);
    const parameters = await Parameters.withNewHead(checkpoint.tensors, shape, labels);
    const { balance = 'none', learningRate = defaultRecipe.learningRate } = options.training ?? {};
    const pooling = linearPooling(checkpoint);
    const choices = { epochs, tokenBudget, learningRate, balance, pooling, seed: options.seed };
    const recipe = { ...defaultRecipe, ...choices };
    const report = new RunReport('fine-tuning', options, curveOf(place, 'fine-tuning'));
    const { best } = await told(
      learningRate,
      fineTune(shape, parameters, rows.train, {
        recipe,
        threads: options.threads,
        recompute,
        state: { path: place.path('fine-tuning.state'), everySteps: STATE_EVERY, resume: true },
        evaluation: {
          examples: rows.evaluation,
          bestPath: place.path('fine-tuning.best'),
          patience: PATIENCE,
          onEvaluated: ({ step, accuracy }) => report.onEvaluated(step, accuracy),
        },
        onStep: report.onStep,
        signal: report.signal,
      }),
    );
    report.throwIfStopped();
    const guessing = commonestShare(rows.evaluation);
    if (best && best.accuracy <= guessing && guessing < 1)
      options.onNote?.(
        `fine-tuning: nothing was learnt: always the commonest label is right for ${(100 * guessing).toFixed(2)} % of eval rows, too. ` +
          'Look at the labels, or stop and lower --learning-rate.',
      );
    await writeWeights(path, parameters);
  });
}

/** Names the learning rate in the advice. */
async function told<Result>(learningRate: number, run: Promise<Result>): Promise<Result> {
  try {
    return await run;
  } catch (error) {
    if (!(error instanceof SnugError && error.code === 'TRAINING_DIVERGED')) throw error;
    const remedy = `Lower --learning-rate: it is ${learningRate}, and ${learningRate / 2} is a good next try.`;
    throw new SnugError(error.code, error.message, { cause: error, remedy });
  }
}

/** What always saying the commonest label gets right. */
function commonestShare(rows: readonly Example[]): number {
  const counts = new Map<number | undefined, number>();
  for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(0, ...counts.values()) / Math.max(1, rows.length);
}
