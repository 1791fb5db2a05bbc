/** `auto`: the profile for this board as it is now, cut where it is not in the cache yet. */
import { type Bundle, isCached, networkOf, openBundle } from '../bundle/index.js';
import { messageOf, SnugError } from '../errors/index.js';
import { type LoadedModel, loadProfile } from '../infer/index.js';
import type { LoadOptions } from '../infer/types.js';
import { probeLimits, systemRoot } from '../profile/index.js';
import { Advisor, type AdvisorOptions } from './advisor.js';
import type { Choice } from './choose.js';
import { doApart } from './errands.js';
import { ownAnonBytes } from './own-memory.js';

export interface AutoChoice {
  readonly profile: string;
  /** In one line. */
  readonly reason: string;
}

/**
 * Chooses, and makes the chosen profile ready. Where nothing fits, the profile that needs least is taken, and that is said. One that
 * can't be cut within the board's limits gives way to the next.
 * @throws BUNDLE_DAMAGED, CACHE_WRITE, DISK_FULL, CHILD_ENDED where not even the smallest can be cut
 */
export async function chooseAuto(bundle: Bundle, options: AdvisorOptions = {}): Promise<AutoChoice> {
  const advisor = await Advisor.open(bundle, options);
  const limits = probeLimits(systemRoot());
  const failed = new Set<string>();
  for (;;) {
    const choice = advisor.choose(limits, undefined, { ownBytes: ownAnonBytes() }, failed);
    const { profile } = choice.chosen;
    try {
      await cutApart(bundle, profile, options.onProgress ?? options.onNote);
      return { profile, reason: reasonOf(choice, advisor) };
    } catch (error) {
      // Ended by the kernel: what needs less may live. Anything else is wrong with every profile.
      const isLast = failed.size + 1 >= bundle.manifest.ladder.length;
      if (!(error instanceof SnugError) || error.code !== 'CHILD_ENDED' || isLast) throw error;
      options.onNote?.(`${profile} could not be cut here: ${messageOf(error)}`);
      failed.add(profile);
    }
  }
}

/**
 * Cuts a profile into the cache where it is not there, in a process of its own: the one that is to serve would keep a heap that grew.
 * @throws PROFILE_UNKNOWN, BUNDLE_DAMAGED, CACHE_WRITE, DISK_FULL, CHILD_ENDED
 */
export async function cutApart(bundle: Bundle, profile: string, onProgress?: (what: string) => void): Promise<void> {
  networkOf(bundle.manifest, profile); // a profile that is not there is told before anything is started
  if (await isCached(bundle, profile)) return;
  onProgress?.(`cutting ${profile} out of the bundle …`);
  await doApart({ kind: 'cut', bundle: bundle.folder, profile });
}

function reasonOf({ chosen, nothingFits, allowed }: Choice, advisor: Advisor): string {
  const { latencyMs, rssAnonBytes } = chosen.predicted;
  const costs = `${latencyMs.toFixed(1)} ms for ${advisor.tokens} tokens and ${Math.round(rssAnonBytes / 1e6)} MB predicted`;
  if (nothingFits !== undefined) return `nothing fits (${nothingFits.reason}), so what needs least: ${costs}`;
  const most = allowed.memoryBytes === null ? '' : `; ${Math.round(allowed.memoryBytes / 1e6)} MB may be used`;
  return `${chosen.reason}: ${costs}${most}`;
}

/**
 * Loads a profile of a bundle; `auto` chooses it by this board's limits. The first time on a machine the board is measured (up to
 * three seconds) and the profile is cut and cached (`SNUG_CACHE`); then both are read.
 * @throws BUNDLE_…, PROFILE_…, CACHE_WRITE, DISK_FULL, MODEL_LOAD
 */
export async function load(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const bundle = await openBundle(folder);
  if (options.profile !== 'auto') return loadProfile(bundle, options);
  const { profile } = await chooseAuto(bundle, options.threads === undefined ? {} : { threads: options.threads });
  return loadProfile(bundle, { ...options, profile });
}
