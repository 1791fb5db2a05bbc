/** Which profiles may be asked for by name, and what to answer where one may not. */
import { nearestProfiles, parseProfile } from '../../src/bundle/index.js';
import { SnugError } from '../../src/errors/index.js';
import type { LadderRung } from '../profiles/index.js';
import type { Choice } from './plan.js';

export class Refusal {
  constructor(
    private readonly ladder: readonly LadderRung[],
    private readonly choice: Choice,
  ) {}

  /** @throws PROFILE_NAME, PROFILE_UNKNOWN, PROFILE_UNFIT naming the nearest that would do */
  check(profile: string): void {
    const wanted = parseProfile(profile);
    const held = this.ladder.map((rung) => rung.profile);
    const nearest = (names: readonly string[]) => nearestProfiles(wanted, names).join(', ');
    if (!held.includes(profile))
      throw new SnugError(
        'PROFILE_UNKNOWN',
        `the bundle holds no profile ${profile}; the nearest are ${nearest(held)}`,
      );
    const candidate = this.choice.candidates.find((each) => each.profile === profile);
    if (!candidate || candidate.fits) return;
    const fitting = this.choice.candidates.filter(({ fits }) => fits).map((each) => each.profile);
    const others = fitting.length > 0 ? `the nearest that fit are ${nearest(fitting)}` : 'no profile fits';
    throw new SnugError('PROFILE_UNFIT', `${profile} does not fit: ${candidate.reason}; ${others}`);
  }
}
