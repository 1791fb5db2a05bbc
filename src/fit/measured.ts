/** How measurements correct predictions: a smoothed ratio. */
import { constants } from './constants.js';
import type { Costs } from './cost.js';
import type { MeasuredRatios } from './cost-record.js';

/** What a profile was found to take on this board. */
export interface Measurement {
  readonly tokens: number;
  /** One text, warm, nothing holding it up. */
  readonly latencyMs: number;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
}

/** A ratio further off than this says more of the measurement than of the profile. */
const FARTHEST = 20;

/** @param plain what is predicted without any correction */
export function refined(before: MeasuredRatios | undefined, found: Measurement, plain: Costs): MeasuredRatios {
  const anon = smoothed(before?.rssAnonRatio, ratio(found.rssAnonBytes, plain.rssAnonBytes));
  const rss = smoothed(before?.rssRatio, ratio(found.rssBytes, plain.rssBytes));
  return {
    latencyRatio: smoothed(before?.latencyRatio, ratio(found.latencyMs, plain.latencyMs)) ?? 1,
    ...(anon !== undefined && { rssAnonRatio: anon }),
    ...(rss !== undefined && { rssRatio: rss }),
    times: (before?.times ?? 0) + 1,
  };
}

function smoothed(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined || now === undefined) return now ?? before;
  return before + constants.smoothing.value * (now - before);
}

function ratio(found: number | null, predicted: number): number | undefined {
  if (found === null || !(found > 0) || !(predicted > 0)) return undefined;
  return Math.min(FARTHEST, Math.max(1 / FARTHEST, found / predicted));
}
