/**
 * The choice of a profile: the most accurate one that keeps every limit; of those that can't be told apart in accuracy, the
 * cheapest. A pure function. More of anything that a board has never rules a profile out, so the choice under more is never
 * less accurate by more than can be told.
 */
import { type Allowance, megabytes } from './allowance.js';
import { constants } from './constants.js';
import { type Costs, memoryNeed } from './cost.js';
import { isLess } from './equal.js';

export interface Predicted {
  /** One text of the length asked for, warm. */
  readonly latencyMs: number;
  /** Processor time of the same, all threads together, where it is known. */
  readonly cpuMs?: number;
  /** Of the whole process. */
  readonly rssAnonBytes: number;
  readonly rssBytes: number;
}

export interface Candidate {
  readonly profile: string;
  /** Null where the bundle was built without data. */
  readonly accuracy: number | null;
  readonly fits: boolean;
  /** The limit that rules it out and by how much; why it is chosen, or why it is not though it fits. */
  readonly reason: string;
  readonly predicted: Predicted;
}

export interface Choice {
  /** Where nothing fits: the profile that needs least, and `nothingFits`. */
  readonly chosen: Candidate;
  /** The smallest memory that would do, where nothing fits for want of memory; null where more memory would not help. */
  readonly nothingFits?: { readonly needBytes: number | null; readonly reason: string };
  /** In the ladder's order. */
  readonly candidates: readonly Candidate[];
  /** The next more accurate one, and what it would take. */
  readonly next?: { readonly profile: string; readonly accuracy: number | null; readonly needs: string };
  readonly allowed: { readonly memoryBytes: number | null; readonly latencyMs: number | null };
}

/** A profile of the ladder with what it would cost here. */
export interface Priced {
  readonly profile: string;
  readonly accuracy: number | null;
  readonly weightBytes: number;
  readonly costs: Costs;
}

export interface Demand {
  readonly textsPerSecond: number;
}

/** A limit that a profile breaks. */
interface Broken {
  readonly what: 'memory' | 'latency' | 'processor' | 'disk' | 'accuracy';
  readonly reason: string;
  readonly needs: string;
}

/**
 * @param priced the ladder, never empty
 * @param rows of the eval file that the accuracies were found over; 0 where there are none
 */
export function choose(priced: readonly Priced[], rows: number, allowance: Allowance, demand: Demand): Choice {
  const judged = priced.map((each) => ({ ...each, broken: brokenBy(each, allowance, demand) }));
  const fitting = judged.filter(({ broken }) => broken.length === 0);
  const best = fitting.toSorted(byWorth)[0];
  const equals = best === undefined ? [] : fitting.filter((each) => !isWorse(each, best, rows)).toSorted(byCost);
  const chosen = equals[0] ?? judged.toSorted(byNeed)[0];
  const candidates = judged.map((each) => ({
    profile: each.profile,
    accuracy: each.accuracy,
    fits: each.broken.length === 0,
    reason: reasonOf(each, chosen, best, rows),
    predicted: predictedOf(each.costs),
  }));
  const above = judged
    .filter((each) => each.broken.length > 0 && (best ? isWorse(chosen, each, rows) : each === chosen))
    .toSorted((a, b) => worth(a) - worth(b) || byCost(a, b))[0];
  return {
    chosen: candidates[judged.indexOf(chosen)],
    candidates,
    ...(above && {
      next: {
        profile: above.profile,
        accuracy: above.accuracy,
        needs: above.broken.map(({ needs }) => needs).join(' and '),
      },
    }),
    ...(best === undefined && { nothingFits: smallestNeed(judged, allowance, demand) }),
    allowed: { memoryBytes: allowance.memoryBytes, latencyMs: allowance.maxLatencyMs },
  };
}

type Judged = Priced & { readonly broken: readonly Broken[] };

function brokenBy({ costs, accuracy }: Priced, allowance: Allowance, { textsPerSecond }: Demand): Broken[] {
  const { memoryBytes, maxLatencyMs, minAccuracy, cores, cpuShare, diskBytes } = allowance;
  const broken: Broken[] = [];
  const need = memoryNeed(costs);
  if (memoryBytes !== null && need > memoryBytes)
    broken.push({
      what: 'memory',
      reason: `needs ${megabytes(need)} of memory${whatFor(costs)}, ${megabytes(need - memoryBytes)} more than may be used`,
      needs: `${megabytes(limitFor(need, allowance))} of memory`,
    });
  const mostMs = maxLatencyMs === null ? null : constants.latencyShare.value * maxLatencyMs;
  if (mostMs !== null && costs.latencyMs > mostMs)
    broken.push({
      what: 'latency',
      reason: `takes ${costs.latencyMs.toFixed(1)} ms for a text, ${(costs.latencyMs - mostMs).toFixed(1)} ms more than ${percent(constants.latencyShare.value)} of the ${maxLatencyMs} ms allowed`,
      needs: `a limit of ${(costs.latencyMs / constants.latencyShare.value).toFixed(1)} ms, or a board that is ${(costs.latencyMs / mostMs).toFixed(1)} times as fast`,
    });
  const busy = (textsPerSecond * costs.cpuMs) / 1000;
  if (cores !== null && busy > cpuShare * cores)
    broken.push({
      what: 'processor',
      reason: `keeps ${busy.toFixed(2)} cores busy at ${textsPerSecond.toFixed(1)} texts a second, ${(busy - cpuShare * cores).toFixed(2)} more than may be`,
      needs: `${(busy / cpuShare).toFixed(2)} cores`,
    });
  if (diskBytes !== null && costs.diskBytes > diskBytes)
    broken.push({
      what: 'disk',
      reason: `its files need ${megabytes(costs.diskBytes)} on the disk, ${megabytes(costs.diskBytes - diskBytes)} more than may be used`,
      needs: `${megabytes(costs.diskBytes + constants.diskReserveBytes.value)} of free disk`,
    });
  if (minAccuracy !== null && (accuracy === null || accuracy < minAccuracy))
    broken.push({
      what: 'accuracy',
      reason:
        accuracy === null
          ? `its accuracy is unknown, and at least ${minAccuracy} is asked for`
          : `is right in ${points(accuracy)}, ${(100 * (minAccuracy - accuracy)).toFixed(1)} points less than asked for`,
      needs: `a lower --min-accuracy`,
    });
  return broken;
}

function whatFor({ residentBytes, makingBytes }: Costs): string {
  return makingBytes > residentBytes ? ' to be cut out of the bundle' : '';
}

/** The limit, or the available memory, under which so much may be used. */
function limitFor(bytes: number, { memoryShare }: Allowance): number {
  return (bytes + constants.reserveBytes.value) / memoryShare;
}

function smallestNeed(judged: readonly Judged[], allowance: Allowance, demand: Demand) {
  // What would fit on a board with as much memory as it likes.
  const rest = judged.filter(({ broken }) => broken.every(({ what }) => what === 'memory'));
  const least = rest.toSorted(byNeed)[0];
  if (least === undefined) {
    const [nearest] = judged.toSorted((a, b) => a.broken.length - b.broken.length || byCost(a, b));
    return { needBytes: null, reason: `${nearest.profile} ${nearest.broken[0].reason}` };
  }
  const needBytes = limitFor(memoryNeed(least.costs), allowance);
  const said = demand.textsPerSecond > 0 ? ` at ${demand.textsPerSecond} texts a second` : '';
  return {
    needBytes,
    reason: `the smallest profile, ${least.profile}, needs ${megabytes(needBytes)} of memory${said}`,
  };
}

function reasonOf(each: Judged, chosen: Judged, best: Judged | undefined, rows: number): string {
  if (each.broken.length > 0) return each.broken.map(({ reason }) => reason).join('; ');
  if (each === chosen)
    return best && best !== chosen
      ? `the cheapest of those that can't be told apart from ${best.profile}`
      : 'the most accurate that fits';
  if (!isWorse(each, chosen, rows)) return `can't be told apart from ${chosen.profile}, which is cheaper`;
  return each.accuracy === null || chosen.accuracy === null
    ? `is smaller than ${chosen.profile}; the bundle knows no accuracies`
    : `is right in ${points(each.accuracy)}, ${(100 * (chosen.accuracy - each.accuracy)).toFixed(1)} points less than ${chosen.profile}`;
}

const predictedOf = ({ latencyMs, cpuMs, rssAnonBytes, rssBytes }: Costs): Predicted => ({
  latencyMs,
  cpuMs,
  rssAnonBytes,
  rssBytes,
});

/** Accuracy; where nobody measured it, more weights count as better, and any accuracy as better than none. */
function worth({ accuracy, weightBytes }: Priced): number {
  return accuracy ?? weightBytes / 2 ** 50;
}

function isWorse(one: Priced, other: Priced, rows: number): boolean {
  if (one.accuracy === null || other.accuracy === null || rows === 0) return worth(one) < worth(other);
  return isLess(one.accuracy, other.accuracy, rows);
}

const byWorth = (a: Priced, b: Priced) => worth(b) - worth(a) || byCost(a, b);

/** Predicted latency, then memory, then bytes; the name last, so that the order is one. */
function byCost(a: Priced, b: Priced): number {
  return (
    a.costs.latencyMs - b.costs.latencyMs ||
    a.costs.rssBytes - b.costs.rssBytes ||
    a.weightBytes - b.weightBytes ||
    (a.profile < b.profile ? -1 : 1)
  );
}

const byNeed = (a: Priced, b: Priced) => memoryNeed(a.costs) - memoryNeed(b.costs) || byCost(a, b);

const points = (accuracy: number) => `${(100 * accuracy).toFixed(1)} %`;
const percent = (share: number) => `${Math.round(100 * share)} %`;
