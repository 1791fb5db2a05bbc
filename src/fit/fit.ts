/** `snug fit`: the limits of a board, as it is or as it is planned, and the choice under them. */
import { SnugError } from '../errors/index.js';
import { type Board, limitsOfBoard } from '../profile/boards/index.js';
import { known, type Limits, none, probeLimits, systemRoot } from '../profile/index.js';
import type { Advisor } from './advisor.js';
import { megabytes, type Usage } from './allowance.js';
import { cutApart } from './auto.js';
import type { Candidate, Choice, Demand } from './choose.js';
import { constants } from './constants.js';
import { doApart } from './errands.js';
import type { Measurement } from './measured.js';
import { ownAnonBytes } from './own-memory.js';
import type { Held, Timed } from './task.js';

/** What the user says of the board; each stands in for what the probe would say. */
export interface PlannedLimits {
  readonly board?: Board;
  /** Memory that Snug alone may use, as under a control group's limit. */
  readonly ramBytes?: number;
  readonly cores?: number;
  readonly quotaCores?: number;
}

/** What this process itself holds of the memory that the limits are of: nothing, where the memory was given by hand. */
export function usageUnder({ board, ramBytes }: PlannedLimits): Usage {
  const planned = board !== undefined || ramBytes !== undefined || systemRoot() !== '/';
  return { ownBytes: planned ? 0 : ownAnonBytes() };
}

/** The limits to choose under: the running board's, or a known board's, with what was given by hand put in. */
export function plannedLimits({ board, ramBytes, cores, quotaCores }: PlannedLimits): Limits {
  const limits = board === undefined ? probeLimits() : limitsOfBoard(board);
  return {
    ...limits,
    ...(ramBytes !== undefined && {
      memoryLimitBytes: known(ramBytes, '--ram'),
      memoryHighBytes: none('--ram is the limit'),
      memoryLimitUsageBytes: known(0, '--ram is for Snug alone'),
      ramAvailableBytes: none('--ram stands for it'),
    }),
    ...(cores !== undefined && { cores: known(cores, '--cores') }),
    ...(quotaCores !== undefined && { quotaCores: known(quotaCores, '--quota') }),
  };
}

export interface FitResult {
  readonly choice: Choice;
  /** By profile, where they were measured now. */
  readonly measured: ReadonlyMap<string, Measurement>;
}

/** @throws NOTHING_FITS naming the smallest need */
export function fitting(choice: Choice): Candidate {
  const { nothingFits } = choice;
  if (nothingFits === undefined) return choice.chosen;
  const { needBytes, reason } = nothingFits;
  const remedy =
    needBytes === null
      ? 'Loosen the limit that is named, or build a bundle with smaller profiles.'
      : `Give it at least ${megabytes(needBytes)} of memory, or build a bundle with smaller profiles.`;
  throw new SnugError('NOTHING_FITS', `no profile fits: ${reason}`, { remedy });
}

/**
 * Cuts and measures the chosen profile, and again what is chosen with what was learnt, until the choice is one that was
 * measured. What was measured is remembered.
 * @throws BUNDLE_DAMAGED, CACHE_WRITE, DISK_FULL, CHILD_ENDED
 */
export async function fitMeasured(
  advisor: Advisor,
  limits: Limits,
  demand: Demand,
  usage: Usage,
  onStep: (step: string) => void = () => undefined,
): Promise<FitResult> {
  if (systemRoot() !== '/')
    throw new SnugError('USAGE', '--measure measures this machine, and SNUG_SYSROOT names another');
  const measured = new Map<string, Measurement>();
  for (;;) {
    const choice = advisor.choose(limits, demand, usage);
    const { profile } = choice.chosen;
    const enough = choice.nothingFits !== undefined || measured.size >= constants.measuredProfiles.value;
    if (enough || measured.has(profile)) return { choice, measured };
    onStep(profile);
    const found = await measure(advisor, profile);
    measured.set(profile, found);
    await advisor.learn(profile, found);
  }
}

async function measure(advisor: Advisor, profile: string): Promise<Measurement> {
  const { bundle, threads, tokens } = advisor;
  await cutApart(bundle, profile);
  advisor.markCached(profile);
  let timed: Timed | undefined;
  let held: Held | undefined;
  await doApart(
    { kind: 'measure', bundle: bundle.folder, profile, threads, tokens: [tokens], limitMs: 1000 },
    {
      onSaid: (said) => {
        if (said.kind === 'timed') timed = said;
        else held = said;
      },
    },
  );
  if (timed === undefined)
    throw new SnugError('CHILD_ENDED', `the process that was to measure ${profile} said nothing`);
  return {
    tokens: timed.tokens,
    latencyMs: timed.ms,
    rssAnonBytes: held?.rssAnonBytes ?? null,
    rssBytes: held?.rssBytes ?? null,
  };
}
