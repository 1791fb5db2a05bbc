/** The governor's view of the board, handed in: what it allows, what it feels, and what the choice makes of that. */
import { DEFAULT_PROFILE } from '../../src/bundle/index.js';
import { type Limits, type Pressure, probeLimits, readPressure } from '../../src/profile/index.js';
import type { LadderRung, Measured } from '../profiles/index.js';
import type { Choice } from './plan.js';
import type { PressureReading } from './signals.js';

/** What the stream asks for. */
export interface Demand {
  readonly textsPerSecond: number;
}

export interface BoardView<Known extends object = object> {
  /** RAM in all; null where unknown. */
  readonly ramBytes: number | null;
  /** As `info` shows them: each a value and where it came from. */
  readLimits(): Known;
  readPressure(): PressureReading;
  /** A pure function of limits and demand; the ladder and the configuration's wishes stand behind it. */
  choose(limits: Known, demand: Demand): Choice;
  /** Takes what a profile was measured to cost here; the choices after that go by it. */
  learn?(profile: string, measured: Measured): Promise<void>;
}

/** This board, as the probe reads it: what changes is read anew each time, the rest once. */
export function probedBoard(choose: BoardView<Limits>['choose']): BoardView<Limits> {
  const probed = probeLimits();
  return {
    ramBytes: probed.ramTotalBytes.value,
    readLimits: () => ({ ...probed, ...readPressure().limits }),
    readPressure: () => pressureOf(readPressure()),
    choose,
  };
}

/** The board where nothing chooses by its limits: the usual profile, and the ladder below it for when memory gets short. */
export function usualBoard({ ladder }: { readonly ladder: readonly LadderRung[] }): BoardView<Limits> {
  const usual = ladder.find(({ profile }) => profile === DEFAULT_PROFILE) ?? ladder[0];
  const choice = fixedChoice(ladder, usual.profile, 'the full width at 8 bits');
  return probedBoard(() => choice);
}

/** A choice that knows no limits: every profile fits, and one is taken whatever happens. */
export function fixedChoice(ladder: readonly LadderRung[], profile: string, reason: string): Choice {
  return {
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
}

/** The probe's readings as the governor goes by them. */
export function pressureOf(pressure: Pressure): PressureReading {
  const { stalls, groupStalls, memoryEvents, cpuThrottling, limits } = pressure;
  const stalled = (kind: 'memory' | 'cpu') => (groupStalls[kind] ?? stalls[kind])?.some?.avg10Share ?? null;
  const slowed = limits.throttled.value?.now;
  return {
    memoryStallShare: stalled('memory'),
    cpuStallShare: stalled('cpu'),
    stallsAreOwn: groupStalls.memory !== null,
    availableBytes: limits.ramAvailableBytes.value,
    memoryLimitBytes: least(limits.memoryLimitBytes.value, limits.memoryHighBytes.value),
    memoryUsedBytes: limits.memoryLimitUsageBytes.value,
    atLimitCount: sum(memoryEvents?.high ?? null, memoryEvents?.max ?? null),
    oomCount: memoryEvents?.oom ?? null,
    oomKillCount: memoryEvents?.oomKill ?? null,
    temperatureC: limits.temperatureC.value,
    // The soft limit of a Raspberry Pi 3B+ only takes the turbo away.
    throttled: slowed === undefined ? null : slowed.some((how) => how !== 'soft temperature limit'),
    cpuPeriods: cpuThrottling?.periods ?? null,
    cpuThrottledPeriods: cpuThrottling?.throttledPeriods ?? null,
  };
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function sum(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}
