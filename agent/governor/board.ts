/** The governor's view of the board, handed in: what it allows, what it feels, and what the choice makes of that. */
import type { LadderRung } from '../profiles/index.js';
import type { Choice } from './plan.js';
import { nothingKnown, type PressureReading } from './signals.js';

/** As `info` shows them: a value and where it came from. */
export type LimitsReading = Readonly<Record<string, unknown>>;

/** What the stream asks for. */
export interface Demand {
  readonly textsPerSecond: number;
}

export interface BoardView<Limits extends LimitsReading = LimitsReading> {
  readLimits(): Limits;
  readPressure(): PressureReading;
  /** A pure function of limits and demand; the ladder and the configuration's wishes stand behind it. */
  choose(limits: Limits, demand: Demand): Choice;
}

/** A board of which nothing is known: every profile fits, and one is chosen whatever happens. */
export function unknownBoard(ladder: readonly LadderRung[], profile: string, reason: string): BoardView {
  const choice: Choice = {
    chosen: { profile, reason },
    candidates: ladder.map((rung) => ({
      profile: rung.profile,
      accuracy: rung.accuracy,
      predicted: { latencyMs: 0, rssAnonBytes: 0, rssBytes: rung.weightBytes },
      fits: true,
      reason: '',
    })),
    allowed: { memoryBytes: null, latencyMs: null },
  };
  return { readLimits: () => ({}), readPressure: () => nothingKnown, choose: () => choice };
}
