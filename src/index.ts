/** Snug as a library: load a profile of a bundle and ask it. */
export { SnugError } from './errors/index.js';
export { load } from './fit/auto.js';
export type { LoadOptions, Model, Prediction } from './infer/types.js';
