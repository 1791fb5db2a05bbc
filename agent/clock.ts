/** Time and chance as the agent's parts get them: handed in, so that a test need not wait for either. */
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  /** The time of day, in ms since 1970. It is stepped, both ways: for time stamps, not for durations. */
  now(): number;
  /** Since some moment, in ms; never stepped. */
  runMs(): number;
  /** Resolves after so many ms, or as soon as the signal is given. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** At least 0, less than 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  runMs: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
  random: Math.random,
};

/** The clock's time as messages carry it: ISO 8601, UTC. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** Waits for a promise, but no longer than so many ms; true where it was in time. Leaves no timer behind. */
export async function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const inTime = new AbortController();
  const late = clock.sleep(ms, inTime.signal).then(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    inTime.abort();
  }
}
