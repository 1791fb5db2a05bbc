/** The first measurement of a board: a few seconds in a process of its own, and rates fitted to what it found. */
import type { Bundle } from '../bundle/index.js';
import { messageOf } from '../errors/index.js';
import { constants } from './constants.js';
import type { ByThreads, CostRecord } from './cost-record.js';
import { doApart } from './errands.js';
import { fitRates, type Sample, slowness } from './rates.js';
import { reference } from './reference.js';
import type { Held, Timed } from './task.js';
import { type Kind, workOf } from './work.js';

/** The child ends by itself before it is ended. */
const OWN_END_SHARE = 0.85;
const KEPT_WAITING = 1.4;

export interface Calibration {
  readonly held: CostRecord['held'];
  readonly threads: Readonly<Record<string, ByThreads>>;
  /** Why it is less than it should be. */
  readonly problem?: string;
}

export interface CalibrationLimits {
  /** What the weights of one network may take; larger ones are not measured. */
  readonly roomBytes: number;
  readonly limitMs?: number | undefined;
}

export async function calibrate(
  bundle: Bundle,
  threads: readonly number[],
  { roomBytes, limitMs = constants.calibrationMs.value }: CalibrationLimits,
): Promise<Calibration> {
  const timed: Timed[] = [];
  const held: Held[] = [];
  let problem: string | undefined;
  try {
    await doApart(
      { kind: 'calibrate', bundle: bundle.folder, threads, limitMs: OWN_END_SHARE * limitMs, roomBytes },
      {
        limitMs,
        onSaid: (said) => {
          if (said.kind === 'timed') timed.push(said);
          else held.push(said);
        },
      },
    );
  } catch (error) {
    problem = messageOf(error);
  }
  const found = threads.flatMap((count): [string, ByThreads][] => {
    const own = timed.filter((each) => each.threads === count);
    return own.length === 0 ? [] : [[String(count), ratesOf(bundle, own)]];
  });
  if (found.length < threads.length) problem ??= `no measurement was through after ${limitMs / 1000} s`;
  return { held: held[0] ?? null, threads: Object.fromEntries(found), ...(problem !== undefined && { problem }) };
}

function ratesOf({ manifest }: Bundle, timed: readonly Timed[]): ByThreads {
  const samples = timed.map(
    ({ profile, tokens, ms, cpuMs, threads }): Sample => ({
      work: workOf(manifest, profile),
      tokens,
      // One thread that took far longer than it ran was kept waiting by others every time.
      ms: threads === 1 && ms > KEPT_WAITING * cpuMs ? cpuMs : ms,
    }),
  );
  const slower = slowness(samples, reference.rates);
  const ratesFor = (kind: Kind) =>
    fitRates(
      samples.filter(({ work }) => work.kind === kind),
      reference.rates[kind],
      slower,
    );
  const busy = timed.map(({ ms, cpuMs }) => cpuMs / ms).sort((a, b) => a - b);
  return {
    rates: { q32: ratesFor('q32'), q8: ratesFor('q8'), q4: ratesFor('q4'), bag: ratesFor('bag') },
    busyThreads: timed[0].threads === 1 ? 1 : Math.max(1, busy[Math.floor(busy.length / 2)]),
    samples: samples.length,
  };
}
