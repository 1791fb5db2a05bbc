/** Inference: a bundle's profile loaded into memory, text in, predictions out. */

import type { Bundle } from '../bundle/bundle.js';
import { checkLater, DEFAULT_PROFILE, materialiseProfile, openBundle, parseProfile } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import { modelTokenizer, requireAgreement } from '../tokenizer/model-tokenizer.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { decisionOf } from './decide.js';
import { LoadedModel } from './model.js';
import { EncoderSession } from './session.js';
import { loadBundleTokenizer } from './tokenizer-cache.js';
import type { LoadOptions } from './types.js';

export { argmax, type Decision, decide, decisionOf, fitness, softmax } from './decide.js';
export { keepHeapSmall } from './heap.js';
export { LoadedModel, type RawAnswer } from './model.js';
export { EncoderSession } from './session.js';
export { loadBundleTokenizer } from './tokenizer-cache.js';
export type { LoadOptions, Model, Prediction } from './types.js';

/**
 * Loads a profile of a bundle. The first time on a machine the profile is cut and cached (`SNUG_CACHE`); then it is mapped.
 * @throws BUNDLE_…, PROFILE_…, CACHE_WRITE, DISK_FULL, MODEL_LOAD
 */
export async function load(bundle: string, options: LoadOptions = {}): Promise<LoadedModel> {
  return loadProfile(await openBundle(bundle), options);
}

/** The same for a bundle that is open already, and with its tokenizer where that is loaded already. */
export async function loadProfile(
  bundle: Bundle,
  options: LoadOptions & { readonly tokenizer?: Tokenizer } = {},
): Promise<LoadedModel> {
  const { profile = DEFAULT_PROFILE, threads = 1 } = options;
  if (!Number.isSafeInteger(threads) || threads < 1)
    throw new SnugError('USAGE', `threads is ${threads}; a whole number above 0 is needed`);
  const { manifest } = bundle;
  const { folder, modelPath } = await materialiseProfile(bundle, profile);
  const tokenizer = options.tokenizer ?? (await loadBundleTokenizer(bundle));
  requireAgreement(bundle.tokenizerPath, tokenizer, manifest.model.vocabSize);
  return new LoadedModel({
    profile,
    tokenizer: modelTokenizer(tokenizer, manifest.tokenizer.lowerCaseFirst),
    session: await EncoderSession.open(modelPath, { threads }),
    bits: parseProfile(profile).bits,
    integrity: checkLater(folder),
    decision: decisionOf(manifest, profile),
    channels: manifest.model.channels,
  });
}
