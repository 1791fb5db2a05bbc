/** How old entries are, by a time of day that may be stepped, both ways, and over restarts. */
import type { Clock } from '../clock.js';
import type { EntryKey } from './entry.js';

/** Less is no step: a clock that runs a little fast or slow. */
const STEP_MS = 60_000;
/** What is from before was written while the clock was not set (2024-01-01): nobody knows how old it is. */
const CLOCK_SET_S = 1_704_067_200;
/** Steps that are remembered. */
const STEPS = 256;

/** From an entry on, how far the time of day was ahead of the time that this process has run. */
interface Step {
  readonly fromNumber: number;
  readonly aheadMs: number;
}

export class EntryTimes {
  readonly #steps: Step[] = [];
  #lowestMs = Number.POSITIVE_INFINITY;

  constructor(private readonly clock: Pick<Clock, 'now' | 'runMs'>) {}

  /** The time of day for a new entry, in seconds. Numbers ascend. */
  stampS(number: number): number {
    const wallMs = this.clock.now();
    const aheadMs = wallMs - this.clock.runMs();
    const last = this.#steps.at(-1);
    if (!last || Math.abs(aheadMs - last.aheadMs) > STEP_MS) {
      this.#steps.push({ fromNumber: number, aheadMs });
      this.#lowestMs = Math.min(this.#lowestMs, aheadMs);
      if (this.#steps.length > STEPS) this.#steps.shift();
    }
    return Math.floor(wallMs / 1000);
  }

  /**
   * An entry of this process is as old as the process has run since, whatever the clock did. One of a process before is taken for no
   * older than the lowest clock of this one makes it, and for new where it was written before the clock was set.
   */
  ageMs({ number, atS }: Pick<EntryKey, 'number' | 'atS'>): number {
    const runMs = this.clock.runMs();
    const step = this.#steps.findLast(({ fromNumber }) => fromNumber <= number);
    if (step) return runMs + step.aheadMs - atS * 1000;
    if (atS < CLOCK_SET_S) return 0;
    return Math.min(this.clock.now(), runMs + this.#lowestMs) - atS * 1000;
  }
}
