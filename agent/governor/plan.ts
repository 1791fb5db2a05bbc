/** What can be served under the limits as they are now, as the governor walks it. */

import type { Candidate as BoardCandidate, Choice as BoardChoice, Predicted } from '../../src/fit/index.js';

import { settings } from './thresholds.js';

export type { Predicted };

/** A profile with what it is worth and what it is predicted to cost. */
export type Candidate = Pick<BoardCandidate, 'profile' | 'accuracy' | 'predicted'>;

/** The choice under some limits: every profile of the ladder, and which one it is to be. */
export interface Choice extends Pick<BoardChoice, 'candidates' | 'allowed'> {
  readonly chosen: Pick<BoardCandidate, 'profile' | 'reason'>;
}

export interface Plan {
  /** The chosen profile and those below it that fit, most accurate first; none that saves next to nothing beside a better one. */
  readonly rungs: readonly Candidate[];
  /** The profile in force. */
  readonly current: Candidate;
  /** Why the profile in force does not fit any more; undefined where it fits. */
  readonly unfit: string | undefined;
  readonly allowed: Choice['allowed'];
  readonly pinned: Candidate | undefined;
}

export interface PlanWishes {
  readonly current: string;
  readonly pinned?: string;
  /** Profiles that could not be loaded lately, or were killed for memory. */
  readonly barred?: (candidate: Candidate) => boolean;
}

/** The plan that a choice leaves. A profile in force that the choice does not know counts as free of cost, and stays. */
export function planOf(choice: Choice, { current, pinned, barred = () => false }: PlanWishes): Plan {
  const known = (profile: string) => choice.candidates.find((each) => each.profile === profile);
  const chosen = known(choice.chosen.profile);
  const inForce = known(current);
  const usable = choice.candidates.filter((each) => (each.fits || each === chosen) && !barred(each));
  const below = usable.filter((each) => each !== chosen && (!chosen || worth(each) <= worth(chosen)));
  return {
    rungs: rungsOf(chosen && usable.includes(chosen) ? [chosen] : [], below),
    current: inForce ?? { profile: current, accuracy: null, predicted: { latencyMs: 0, rssAnonBytes: 0, rssBytes: 0 } },
    unfit: inForce && !inForce.fits ? inForce.reason : undefined,
    allowed: choice.allowed,
    pinned: pinned === undefined ? undefined : known(pinned),
  };
}

/** Accuracy; where nobody measured it, the larger one counts as the better one. */
export function worth({ accuracy, predicted }: Candidate): number {
  return accuracy ?? predicted.rssBytes / 2 ** 40;
}

/** What it takes in memory: anonymous memory decides who is killed, what is mapped decides how much is read again. */
export function memoryOf({ predicted }: Candidate): number {
  return predicted.rssAnonBytes + predicted.rssBytes;
}

/** Those of `below` that are worth a step: none that one before it beats, or costs hardly more than. */
function rungsOf(first: readonly Candidate[], below: readonly Candidate[]): Candidate[] {
  const rungs = [...first];
  const byWorth = below.toSorted((a, b) => worth(b) - worth(a) || a.predicted.latencyMs - b.predicted.latencyMs);
  for (const each of byWorth) if (!rungs.some((rung) => isHardlyDearer(rung, each))) rungs.push(each);
  return rungs;
}

/** Whether `one` costs no more than a little more, in everything. */
function isHardlyDearer({ predicted: one }: Candidate, { predicted: other }: Candidate): boolean {
  const least = 1 - settings.hardlyShare.value;
  return (['latencyMs', 'rssAnonBytes', 'rssBytes'] as const).every((cost) => one[cost] * least <= other[cost]);
}
