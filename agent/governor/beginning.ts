/** With which profile the agent begins: what was wished for or chosen, less what the last run was killed by. */
import { type KillCounts, killedForMemory, type RunRecord } from './last-run.js';
import { type Candidate, type Choice, memoryOf, planOf } from './plan.js';
import { settings } from './thresholds.js';

export type Ceiling = NonNullable<RunRecord['ceiling']>;

export interface Beginning {
  readonly profile: string;
  readonly reason: string;
  /** `auto`, or the profile that is pinned. */
  readonly wish: string;
  readonly ceiling: Ceiling | undefined;
  /** Set where the last run was killed for memory. */
  readonly killed: { readonly profile: string; readonly why: string } | undefined;
}

export interface BeginningParts {
  readonly choice: Choice;
  /** The configuration's `profile`. */
  readonly configured: string;
  /** The bundle's identity. */
  readonly bundle: string;
  readonly last: RunRecord | undefined;
  readonly kills: KillCounts;
  /** The nearest memory limit, or the board's RAM. */
  readonly memoryBytes: number | null;
  /** Why something smaller than what would be served is to be tried; left out where nothing speaks against that. */
  readonly careful?: string;
}

export function beginningOf(parts: BeginningParts): Beginning {
  const usual = usualBeginning(parts);
  const { choice, careful } = parts;
  const candidate = choice.candidates.find(({ profile }) => profile === usual.profile);
  if (careful === undefined || candidate === undefined) return usual;
  const barred = (each: Candidate) => memoryOf(each) >= memoryOf(candidate);
  const smaller = planOf(choice, { current: usual.profile, barred }).rungs.at(0) ?? lightest(choice);
  return { ...usual, profile: smaller.profile, reason: `smaller than ${usual.profile}: ${careful}` };
}

function usualBeginning({ choice, configured, bundle, last, kills, memoryBytes }: BeginningParts): Beginning {
  const own = last?.bundle === bundle ? last : undefined; // another bundle has another ladder
  // A command's wish holds until somebody writes another one into the configuration.
  const wish = own?.wish?.configured === configured ? own.wish.profile : configured;
  const why = own && killedForMemory(own, kills);
  const killed = own && why !== undefined ? { profile: own.profile, why } : undefined;
  const ceiling = killed
    ? { profile: killed.profile, reason: killed.why, memoryBytes }
    : stillHolds(own?.ceiling, memoryBytes)
      ? own?.ceiling
      : undefined;
  const wanted = wish === 'auto' ? choice.chosen.profile : wish;
  const tooLarge = aboveCeiling(choice, ceiling);
  const candidate = choice.candidates.find(({ profile }) => profile === wanted);
  const reason =
    wish === 'auto'
      ? `auto: ${choice.chosen.reason}`
      : wish === configured
        ? 'named in the configuration'
        : 'set by a command';
  if (ceiling && candidate && tooLarge(candidate)) {
    const smaller = planOf(choice, { current: wanted, barred: tooLarge }).rungs.at(0) ?? lightest(choice);
    const because = `smaller than ${ceiling.profile}, which did not live: ${ceiling.reason}`;
    return { profile: smaller.profile, reason: because, wish, ceiling, killed };
  }
  return { profile: wanted, reason, wish, ceiling, killed };
}

/** Which candidates need as much memory as one that was killed for it. */
export function aboveCeiling(choice: Choice, ceiling: Ceiling | undefined): (candidate: Candidate) => boolean {
  const killed = ceiling && choice.candidates.find(({ profile }) => profile === ceiling.profile);
  return (candidate) => killed !== undefined && memoryOf(candidate) >= memoryOf(killed);
}

function stillHolds(ceiling: Ceiling | undefined, memoryBytes: number | null): boolean {
  const more = ceiling?.memoryBytes ? (memoryBytes ?? 0) / ceiling.memoryBytes : 0;
  return ceiling !== undefined && more < settings.ceilingGrowth.value;
}

function lightest({ candidates }: Choice): Candidate {
  return candidates.reduce((best, each) => (memoryOf(each) < memoryOf(best) ? each : best));
}
