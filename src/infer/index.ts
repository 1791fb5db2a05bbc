/** Inference: a bundle's profile loaded into memory, text in, predictions out. */

import type { Bundle } from '../bundle/bundle.js';
import { checkLater, DEFAULT_PROFILE, materialiseProfile, openBundle, parseProfile } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import { LoadedModel } from './model.js';
import { EncoderSession } from './session.js';
import { loadBundleTokenizer } from './tokenizer-cache.js';
import type { LoadOptions } from './types.js';

export { argmax, decide, fitness, softmax } from './decide.js';
export { keepHeapSmall } from './heap.js';
export { LoadedModel, type RawAnswer } from './model.js';
export { EncoderSession } from './session.js';
export type { LoadOptions, Model, Prediction } from './types.js';

/**
 * Loads a profile of a bundle. The first time on a machine the profile is cut and cached (`SNUG_CACHE`); then it is mapped.
 * @throws BUNDLE_…, PROFILE_…, CACHE_WRITE, DISK_FULL, MODEL_LOAD
 */
export async function load(bundle: string, options: LoadOptions = {}): Promise<LoadedModel> {
  return loadProfile(await openBundle(bundle), options);
}

/** The same for a bundle that is open already. */
export async function loadProfile(bundle: Bundle, options: LoadOptions = {}): Promise<LoadedModel> {
  const { profile = DEFAULT_PROFILE, threads = 1 } = options;
  const { manifest } = bundle;
  const { folder, modelPath } = await materialiseProfile(bundle, profile);
  const tokenizer = await loadBundleTokenizer(bundle);
  if (tokenizer.vocabSize > manifest.model.vocabSize)
    throw disagreement(bundle.tokenizerPath, tokenizer.vocabSize, manifest.model.vocabSize);
  const session = await EncoderSession.open(modelPath, { threads });
  const calibration = manifest.calibrations[profile] ?? { temperature: 1 };
  const { labels, noneLabel, head } = manifest;
  return new LoadedModel({
    profile,
    tokenizer,
    lowerCaseFirst: manifest.tokenizer.lowerCaseFirst,
    session,
    bits: parseProfile(profile).bits,
    integrity: checkLater(folder),
    decision: { labels, noneLabel, problem: head.problem, calibration },
  });
}

/** A tokenizer whose ids point beyond the embedding table. */
export function disagreement(path: string, pieces: number, rows: number): SnugError {
  const what = `${path}: the tokenizer has ids up to ${pieces - 1}, but the embedding table has ${rows} rows`;
  return new SnugError('TOKENIZER_MISMATCH', what);
}
