/** Signals held against the marks: which press, whether all is calm, and whether the board is about to kill. */
import type { Signals } from './signals.js';
import { type Mark, marks, settings } from './thresholds.js';

/** Why the profile was changed, or is to be. */
export type Cause = 'limits' | 'memory' | 'heat' | 'throttled' | 'latency' | 'queue' | 'cpu-quota' | 'calm';

/** A cause that presses, with the figures that say so. */
export interface Sign {
  readonly cause: Exclude<Cause, 'limits' | 'calm'>;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Signs {
  /** The gravest first. */
  readonly pressing: readonly Sign[];
  /** Nothing presses, and nothing is near pressing. */
  readonly calm: boolean;
  /** Memory is about to run out: what is not given back now will be taken with the process. */
  readonly critical: boolean;
}

type Level = 'press' | 'between' | 'calm';

/** @param draining whether the queue has got shorter since the last look */
export function readSigns(signals: Signals, draining: boolean): Signs {
  const memory = memoryLevels(signals);
  const heat = above(marks.temperatureC, signals.temperatureC);
  const queue = above(marks.queueDelayMs, signals.queueDelayMs);
  const latency = above(marks.latencyShare, latencyShare(signals));
  const quota = above(marks.cpuThrottledShare, signals.cpuThrottledShare);
  const slow = queue === 'press' && !draining;
  const late = latency === 'press';
  const outOfQuota = quota === 'press' && ((queue !== 'calm' && !draining) || latency !== 'calm');
  const pressing: Sign[] = [];
  const press = (cause: Sign['cause'], figures: Record<string, number | null>) =>
    pressing.push({ cause, figures: known(figures) });
  if (memory.level === 'press') press('memory', memory.figures);
  if (heat === 'press') press('heat', { temperatureC: signals.temperatureC });
  if (signals.throttled) press('throttled', { temperatureC: signals.temperatureC });
  if (late || slow || outOfQuota)
    press(outOfQuota ? 'cpu-quota' : late ? 'latency' : 'queue', {
      ...(late && { p95Ms: signals.p95Ms, maxLatencyMs: signals.targetMs }),
      ...(queue !== 'calm' && { queueDelayMs: signals.queueDelayMs }),
      ...(outOfQuota && { cpuThrottledShare: signals.cpuThrottledShare }),
      arrivedPerSecond: signals.arrivedPerSecond,
      answeredPerSecond: signals.answeredPerSecond,
    });
  const calm = [memory.level, heat, queue, latency].every((level) => level === 'calm') && !signals.throttled;
  return { pressing, calm, critical: memory.critical };
}

/** Of the latency that is allowed; null where nothing is allowed or nothing was measured. */
function latencyShare({ p95Ms, targetMs }: Signals): number | null {
  return p95Ms === null || targetMs === null ? null : p95Ms / targetMs;
}

/** The bytes that must be left: a share of the memory, and no more than the fixed figure. */
export function headroomMarks(memoryBytes: number | null): { pressBytes: number; calmBytes: number } {
  const least = (share: number, bytes: number) => Math.min(memoryBytes === null ? bytes : share * memoryBytes, bytes);
  return {
    pressBytes: least(marks.headroomShare.press, marks.headroomBytes.press),
    calmBytes: least(marks.headroomShare.calm, marks.headroomBytes.calm),
  };
}

function memoryLevels(signals: Signals): { level: Level; critical: boolean; figures: Record<string, number | null> } {
  const { headroomBytes, memoryStallShare, atLimit, oom } = signals;
  const { pressBytes, calmBytes } = headroomMarks(signals.memoryBytes);
  const headroom: Level =
    headroomBytes === null
      ? 'calm'
      : headroomBytes < pressBytes
        ? 'press'
        : headroomBytes < calmBytes
          ? 'between'
          : 'calm';
  const isOurs =
    signals.stallsAreOwn || headroom !== 'calm' || above(marks.faultsPerSecond, signals.faultsPerSecond) !== 'calm';
  const stalled = isOurs ? above(marks.memoryStallShare, memoryStallShare) : 'calm';
  // A group at its limit may only have much file cache; pages of ours that come back from disk say that it is more than that.
  const faults = atLimit > 0 ? above(marks.faultsPerSecond, signals.faultsPerSecond) : 'calm';
  const critical = oom > 0 || (headroomBytes !== null && headroomBytes < settings.criticalShare.value * pressBytes);
  const levels = [headroom, stalled, faults];
  const level = critical || levels.includes('press') ? 'press' : levels.includes('between') ? 'between' : 'calm';
  return {
    level,
    critical,
    figures: {
      headroomBytes,
      ...(stalled !== 'calm' && { memoryStallShare }),
      ...(faults !== 'calm' && { faultsPerSecond: signals.faultsPerSecond, atLimit }),
      ...(oom > 0 && { oom }),
    },
  };
}

/** Where a value stands between two marks; one that is not known presses nobody. */
function above({ press, calm }: Mark, value: number | null): Level {
  if (value === null || value <= calm) return 'calm';
  return value >= press ? 'press' : 'between';
}

function known(figures: Record<string, number | null>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === null ? [] : [[name, rounded(value)]])),
  );
}

export function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Math.round(value * 1000) / 1000;
}
