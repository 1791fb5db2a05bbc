/**
 * From a checkpoint and data files to a bundle: the workstation's side of Snug. Everything is worked out in a folder beside the
 * bundle's place and moved there in the last step.
 */
export { type BuildOptions, type BuildResult, build, planBuild } from './build.js';
export type { Recipe } from './shapes.js';
export { describePlan, type TrainingPlan } from './training/index.js';
