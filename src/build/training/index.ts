/** `--recipe full`: the network is trained before it is cut, first whole, then all its slices at once. */
export { trainingCurves } from './curve.js';
export { learnsSeldom, ownNorms } from './sliced.js';
export { describePlan, planOnly, type Trained, type TrainingChoices, trainEncoder } from './train-encoder.js';
export type { TrainingPlan } from './training-plan.js';
