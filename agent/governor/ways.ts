/** Where a step leads: down to what is light enough for what presses, up to what is predicted to fit with margin. */
import { type Candidate, memoryOf, type Plan, worth } from './plan.js';
import type { Signals } from './signals.js';
import { headroomMarks, type Sign } from './signs.js';
import { settings } from './thresholds.js';

/** Costs of these kinds can be got down by a lighter profile. */
type Cost = (candidate: Candidate) => number;

const latency: Cost = ({ predicted }) => predicted.latencyMs;

/** Memory beyond what the lightest takes, which no step gives back. */
function memoryBeyond(rungs: readonly Candidate[]): Cost {
  const least = Math.min(...rungs.map(memoryOf));
  return (candidate) => Math.max(0, memoryOf(candidate) - least);
}

/** The most accurate profile that is light enough for what presses, else the lightest; undefined where none is lighter. */
export function wayDown({ rungs, current }: Plan, sign: Sign, signals: Signals): Candidate | undefined {
  const cost = sign.cause === 'memory' ? memoryBeyond(rungs) : latency;
  const lighter = rungs.filter((each) => cost(each) < cost(current) && each.profile !== current.profile);
  const most = cost(current) * Math.min(settings.lighterShare.value, neededShare(sign, signals, cost(current)));
  return lighter.find((each) => cost(each) <= most) ?? lightest(lighter, cost);
}

/** What is to be served where the profile in force does not fit any more: the choice, or the lightest there is. */
export function wayOut({ rungs, current }: Plan): Candidate | undefined {
  return rungs.find((each) => each.profile !== current.profile);
}

/** The choice, where it takes less memory than the profile in force and none is pinned: under a smaller limit it is what `snug fit` says. */
export function wayToChoice({ rungs: [choice], current, pinned }: Plan): Candidate | undefined {
  return choice && !pinned && memoryOf(choice) < memoryOf(current) ? choice : undefined;
}

/** The share of the present cost that may be left, where the figures say so. */
function neededShare({ cause }: Sign, signals: Signals, cost: number): number {
  const { p95Ms, targetMs, arrivedPerSecond, answeredPerSecond, headroomBytes } = signals;
  if (cause === 'memory') {
    if (headroomBytes === null || cost === 0) return 1;
    const missing = headroomMarks(signals.memoryBytes).calmBytes - headroomBytes;
    return missing > 0 ? 1 - missing / cost : 1;
  }
  const late = p95Ms !== null && targetMs !== null ? (settings.upLatencyShare.value * targetMs) / p95Ms : 1;
  const slow = arrivedPerSecond > answeredPerSecond && answeredPerSecond > 0 ? answeredPerSecond / arrivedPerSecond : 1;
  return Math.min(late, slow);
}

/**
 * The most accurate profile above the one in force that fits with margin, no higher than the one that is pinned.
 * @param below the profile that a step up was taken back from lately: only what is less accurate is tried
 */
export function wayUp(plan: Plan, signals: Signals, below: string | undefined): Candidate | undefined {
  const { rungs, current, pinned } = plan;
  const bound = rungs.find(({ profile }) => profile === below);
  const above = pinned
    ? [pinned].filter(({ profile }) => profile !== current.profile)
    : rungs.filter((each) => worth(each) > worth(current) && (!bound || worth(each) < worth(bound)));
  return above.find((each) => fitsWithMargin(plan, each, signals));
}

function fitsWithMargin({ current, allowed }: Plan, to: Candidate, signals: Signals): boolean {
  const { p95Ms, targetMs, busyShare, headroomBytes } = signals;
  const { latencyMs, rssAnonBytes } = to.predicted;
  // What the board makes of a prediction shows in the profile in force: hot or shared, it is slower.
  const slower = current.predicted.latencyMs > 0 ? latencyMs / current.predicted.latencyMs : 1;
  const mostMs = targetMs ?? allowed.latencyMs;
  const atOnceMs = p95Ms === null ? latencyMs : Math.max(latencyMs, p95Ms * slower);
  if (mostMs !== null && atOnceMs > settings.upLatencyShare.value * mostMs) return false;
  if (busyShare * slower > settings.upBusyShare.value) return false;
  if (allowed.memoryBytes !== null && rssAnonBytes > settings.upMemoryShare.value * allowed.memoryBytes) return false;
  const more = rssAnonBytes - current.predicted.rssAnonBytes;
  return headroomBytes === null || headroomBytes - more >= headroomMarks(signals.memoryBytes).calmBytes;
}

function lightest(candidates: readonly Candidate[], cost: Cost): Candidate | undefined {
  return candidates.toSorted((a, b) => cost(a) - cost(b)).at(0);
}
