/** Training: gradients of the whole network, heads fitted on frozen vectors, and calibration of what they say. */
export { AdamW, type AdamWOptions } from './adamw.js';
export {
  type Answer,
  Backpropagation,
  type BackpropagationOptions,
  type RunOptions,
  type Wanted,
} from './backpropagation.js';
export { type Batch, batchOf, type LinearPooling } from './batch.js';
export { type Score, writeWeights } from './best-weights.js';
export { calibrate, type Judged } from './calibration.js';
export { type DistilOptions, type DistilRecipe, defaultDistilRecipe, distil } from './distil.js';
export { type Drops, drawDrops } from './dropout.js';
export { accuracyOn, type Balance, type Example, labelWeights, logitsOn } from './examples.js';
export { defaultRecipe, type Evaluation, type FineTuneOptions, fineTune, type Recipe } from './fine-tune.js';
export { countRight, logitsOf, softTargets } from './linear-head.js';
export { type LinearHead, LogisticRegression, type Matrix } from './logistic.js';
export { activationBytes, type RunSize } from './memory.js';
export { type Metrics, measure, type Outcome, outcomeOf } from './metrics.js';
export type { NestedSlice, SlicePlan } from './nested-slices.js';
export { type Parameter, Parameters } from './parameters.js';
export { prototypesOf } from './prototypes.js';
export { type Random, seededRandom } from './random.js';
export { leadingOf, type Slice, type SliceWeights, wholeSlice } from './slice.js';
export type { Restoration, SliceCorrections, StandIn } from './slice-corrections.js';
export { shuffled } from './steps.js';
export { mixedSeed, type StateChoice, type StepReport } from './training-loop.js';
