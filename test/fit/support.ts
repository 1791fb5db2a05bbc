/** Ladders and limits made by chance, the same at every run. */

import type { Costs } from '../../src/fit/cost.js';
import type { Priced } from '../../src/fit/index.js';
import { type Limits, none, unknown } from '../../src/profile/index.js';

/** Mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const costs = (more: Partial<Costs> = {}): Costs => ({
  latencyMs: 5,
  cpuMs: 5,
  rssAnonBytes: 30e6,
  rssBytes: 100e6,
  residentBytes: 60e6,
  makingBytes: 50e6,
  diskBytes: 10e6,
  ...more,
});

export const rung = (profile: string, accuracy: number | null, more: Partial<Costs> = {}): Priced => ({
  profile,
  accuracy,
  weightBytes: 1e6,
  costs: costs(more),
});

/** Rungs whose accuracy rises with their cost, more or less. */
export function anyLadder(random: () => number): Priced[] {
  return Array.from({ length: 2 + Math.floor(random() * 30) }, (_, at) => {
    const size = random();
    return {
      profile: `w${at}`,
      accuracy: Math.min(1, Math.max(0, 0.6 + 0.35 * size ** 0.3 + 0.02 * random())),
      weightBytes: 1e6 + 90e6 * size,
      costs: costs({
        latencyMs: 0.2 + 30 * size * (0.5 + random()),
        cpuMs: 0.2 + 30 * size,
        residentBytes: 50e6 + 80e6 * size * random(),
        makingBytes: 60e6 + 40e6 * random(),
        rssBytes: 90e6 + 90e6 * size,
        diskBytes: 120e6 * size,
      }),
    };
  });
}

/** A board of which nothing is known but what is given. */
export function limitsWith(more: Partial<Limits>): Limits {
  const nothing = unknown('not told');
  return {
    ramTotalBytes: nothing,
    ramAvailableBytes: nothing,
    swapTotalBytes: nothing,
    zramBytes: nothing,
    memoryLimitBytes: none('no group has a memory limit'),
    memoryHighBytes: none('no group has a memory.high'),
    memoryLimitUsageBytes: none('no group limits memory'),
    cores: nothing,
    quotaCores: none('no group has a quota'),
    processorModel: nothing,
    instructions: nothing,
    cpuGovernor: nothing,
    cpuMinMHz: nothing,
    cpuMaxMHz: nothing,
    temperatureC: nothing,
    thermalZones: nothing,
    throttleAtC: nothing,
    throttled: nothing,
    jetsonPowerMode: nothing,
    diskFreeBytes: nothing,
    diskKind: nothing,
    pageSizeBytes: nothing,
    boardModel: nothing,
    ...more,
  };
}
