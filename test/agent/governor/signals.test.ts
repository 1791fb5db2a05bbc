/** From readings to signals: rates between looks, counters that are set back, clocks that stand. */
import test from 'ava';
import { nothingKnown, type PressureReading, Sampler } from '../../../agent/governor/signals.js';
import { MB } from './support/walk.js';

const idle = { queueDelayMs: 0, waiting: 0, arrived: 0, answered: 0, busyMs: 0, p95Ms: 0, p95Count: 0 };

function sampler(more: { targetMs?: number; ramBytes?: number } = {}) {
  const now = { atMs: 1000, pressure: nothingKnown as PressureReading, stream: idle, faults: 0 };
  const made = new Sampler({
    readPressure: () => now.pressure,
    stream: () => now.stream,
    majorFaults: () => now.faults,
    targetMs: more.targetMs ?? null,
    board: { ramBytes: more.ramBytes ?? null },
    nowMs: () => now.atMs,
  });
  return { now, look: () => made.take(false).signals };
}

test('the first look has no rates, the next ones those of the time between', (t) => {
  const { now, look } = sampler();
  now.pressure = { ...nothingKnown, atLimitCount: 70, cpuPeriods: 100, cpuThrottledPeriods: 50 };
  t.like(look(), { atLimit: 0, busyShare: 0, arrivedPerSecond: 0, cpuThrottledShare: 0 });
  now.atMs += 500;
  now.pressure = { ...nothingKnown, atLimitCount: 75, oomKillCount: 3, cpuPeriods: 105, cpuThrottledPeriods: 54 };
  now.stream = { ...idle, arrived: 20, answered: 10, busyMs: 250, p95Ms: 7, p95Count: 10 };
  now.faults = 40;
  t.like(look(), {
    atLimit: 5,
    oom: 0,
    busyShare: 0.5,
    arrivedPerSecond: 40,
    answeredPerSecond: 20,
    p95Ms: 7,
    faultsPerSecond: 80,
    cpuThrottledShare: 0.8,
  });
});

test('a counter that was set back, with its group, has not risen', (t) => {
  const { now, look } = sampler();
  now.pressure = { ...nothingKnown, atLimitCount: 70, oomKillCount: 2, cpuPeriods: 100, cpuThrottledPeriods: 50 };
  look();
  now.atMs += 500;
  now.pressure = { ...nothingKnown, atLimitCount: 1, oomKillCount: 0, cpuPeriods: 0, cpuThrottledPeriods: 0 };
  t.like(look(), { atLimit: 0, oom: 0, cpuThrottledShare: 0 });
});

test('two looks at one moment give finite figures', (t) => {
  const { now, look } = sampler();
  look();
  now.stream = { ...idle, arrived: 5, answered: 5, busyMs: 3 };
  t.true(
    Object.values(look()).every((value) => value === null || typeof value === 'boolean' || Number.isFinite(value)),
  );
});

test('few texts say nothing of a percentile', (t) => {
  const { now, look } = sampler();
  now.stream = { ...idle, p95Ms: 90, p95Count: 9 };
  t.is(look().p95Ms, null);
});

test('what is left is the least of group and board', (t) => {
  const { now, look } = sampler({ ramBytes: 1000 * MB });
  t.like(look(), { headroomBytes: null });
  now.pressure = { ...nothingKnown, availableBytes: 500 * MB };
  t.like(look(), { headroomBytes: 500 * MB, memoryBytes: 1000 * MB });
  now.pressure = { ...nothingKnown, availableBytes: 500 * MB, memoryLimitBytes: 96 * MB, memoryUsedBytes: 60 * MB };
  t.like(look(), { headroomBytes: 36 * MB, memoryBytes: 96 * MB });
  now.pressure = { ...now.pressure, availableBytes: 10 * MB };
  t.like(look(), { headroomBytes: 10 * MB, memoryBytes: 1000 * MB });
  now.pressure = { ...now.pressure, availableBytes: null, memoryUsedBytes: 100 * MB };
  t.is(look().headroomBytes, 0);
});

test('a file that is read as fast as it goes does not make the board look busy', (t) => {
  const { now, look } = sampler();
  look();
  now.atMs += 1000;
  now.stream = { ...idle, arrived: 10, answered: 200, busyMs: 1000 };
  t.is(look().busyShare, 0.05);
});
