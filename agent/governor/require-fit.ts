/** Whether a profile that was asked for by name may be served, and what to answer where it may not. */
import { nearestProfiles, parseProfile } from '../../src/bundle/index.js';
import { SnugError } from '../../src/errors/index.js';
import type { LadderRung } from '../profiles/index.js';
import type { Choice } from './plan.js';

/** @throws PROFILE_NAME, PROFILE_UNKNOWN, PROFILE_UNFIT naming the nearest that would do */
export function requireFit(profile: string, ladder: readonly LadderRung[], choice: Choice): void {
  const wanted = parseProfile(profile);
  const held = ladder.map((rung) => rung.profile);
  const nearest = (names: readonly string[]) => nearestProfiles(wanted, names).join(', ');
  if (!held.includes(profile))
    throw new SnugError('PROFILE_UNKNOWN', `the bundle holds no profile ${profile}; the nearest are ${nearest(held)}`);
  const candidate = choice.candidates.find((each) => each.profile === profile);
  if (!candidate || candidate.fits) return;
  const fitting = choice.candidates.filter(({ fits }) => fits).map((each) => each.profile);
  const others = fitting.length > 0 ? `the nearest that fit are ${nearest(fitting)}` : 'no profile fits';
  throw new SnugError('PROFILE_UNFIT', `${profile} does not fit: ${candidate.reason}; ${others}`);
}
