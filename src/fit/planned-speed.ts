/** The speed of a board that is not here, out of what is public of its processor: good enough to plan with, and said to be no more. */
import type { Board } from '../profile/boards/index.js';
import type { BoardSpeed } from './cost.js';
import type { Rates, RatesByKind } from './rates.js';
import { reference } from './reference.js';
import type { Kind } from './work.js';

export interface PlannedSpeed extends BoardSpeed {
  /** What the figures rest on. */
  readonly basis: string;
}

/** Multiplications a core does in a cycle at most, by the best instructions that it has: of floats, and of 8-bit numbers. */
const PER_CYCLE: readonly (readonly [flag: string, floats: number, bytes: number])[] = [
  ['avx512_vnni', 32, 128],
  ['avx512f', 32, 42],
  ['avx_vnni', 16, 64],
  ['avx2', 16, 21],
  ['x64', 4, 8],
  ['i8mm', 8, 64],
  ['asimddp', 8, 32],
  ['arm64', 4, 8],
];

/** Which rates follow the clock (per text, token, layer), the products, and the memory. */
const FOLLOWS = ['clock', 'clock', 'clock', 'product', 'memory', 'memory', 'product', 'product', 'product'] as const;

export function plannedSpeed(board: Board): PlannedSpeed {
  const { processor, instructions, speed, cores } = board;
  const ownMips = speed === undefined ? undefined : speed.sevenZipMips / cores.count;
  // Cores of the same kind do about as much in a cycle of 7-zip as in one of ours.
  const clock =
    ownMips === undefined ? reference.clockMHz / processor.maxMHz : reference.sevenZipMips / Math.max(1, ownMips);
  const memory = speed === undefined ? clock : reference.memcpyMBPerS / speed.memcpyMBPerS;
  const ratesOf = (kind: Kind): Rates => {
    const products = kind === 'q32' || kind === 'bag' ? 1 : 2;
    const cycles = reference.clockMHz / processor.maxMHz;
    const product = (cycles * perCycle(reference.instructions)[products]) / perCycle(instructions.set)[products];
    const times = { clock, product, memory };
    const { perUnit, cacheBytes } = reference.rates[kind];
    return { perUnit: perUnit.map((rate, at) => rate * times[FOLLOWS[at]]), cacheBytes: Math.min(cacheBytes, 2e6) };
  };
  const rates: RatesByKind = { q32: ratesOf('q32'), q8: ratesOf('q8'), q4: ratesOf('q4'), bag: ratesOf('bag') };
  return {
    byThreads: { rates, busyThreads: 1, samples: 0 },
    held: reference.held,
    measured: {},
    basis: `not measured: scaled from ${reference.name} by ${speed === undefined ? `${processor.maxMHz} MHz` : 'public 7-zip and memory figures'} and ${instructions.set}; times may be off by half, memory by a tenth`,
  };
}

/** This board's speed where it could not be measured. */
export function referenceSpeed(): BoardSpeed {
  return { byThreads: { rates: reference.rates, busyThreads: 1, samples: 0 }, held: reference.held, measured: {} };
}

function perCycle(set: string) {
  const words = set.split(' ');
  return PER_CYCLE.find(([flag]) => words.includes(flag)) ?? (['', 4, 8] as const);
}
