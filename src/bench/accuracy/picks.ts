/** The profile that a budget allows and eval rows favour; its test rows are only looked at afterwards. */
import { FULL_PROFILE, parseProfile } from '../../bundle/index.js';
import type { Bar } from '../row.js';
import type { ProfileRecord, RunRecord } from './record.js';

export interface Budget {
  readonly id: string;
  readonly what: string;
  /** Shares of the full fp32 profile's weight bytes and latency. */
  readonly bytes: number;
  readonly time: number;
  readonly keep: (profile: string) => boolean;
  /** Points that may be lost, by task. */
  readonly bars: Readonly<Record<string, Bar>>;
}

const hasLayers = (name: string) => parseProfile(name).bag !== true;
const isHalfFp32 = (name: string) =>
  hasLayers(name) && parseProfile(name).width === 0.5 && parseProfile(name).bits === 32;

export const budgets: readonly Budget[] = [
  {
    id: 'budget',
    what: '0.48 of the bytes and 0.67 of the time',
    bytes: 0.48,
    time: 0.67,
    keep: hasLayers,
    bars: { clinc150: '<=0.3', sst2: '<=0.5' },
  },
  {
    id: 'half-width',
    what: 'half the width, fp32',
    bytes: 0.6,
    time: 0.67,
    keep: isHalfFp32,
    bars: { clinc150: '<=1', sst2: '<=3' },
  },
  {
    id: 'quarter',
    what: 'a quarter of the bytes and of the time',
    bytes: 0.25,
    time: 0.25,
    keep: hasLayers,
    bars: { clinc150: '<=1', sst2: '<=3' },
  },
  {
    id: 'eighth',
    what: '0.125 of the bytes and 0.22 of the time',
    bytes: 0.125,
    time: 0.22,
    keep: hasLayers,
    bars: { clinc150: '<=1.5', sst2: '<=4' },
  },
];

export const fullOf = ({ profiles }: RunRecord): ProfileRecord | undefined =>
  profiles.find(({ profile }) => profile === FULL_PROFILE);

/** Undefined where nothing is small and quick enough. */
export function pick(record: RunRecord, { bytes, time, keep }: Budget): ProfileRecord | undefined {
  const full = fullOf(record);
  if (!full) return undefined;
  return record.profiles
    .filter((one) => keep(one.profile) && one.weightBytes <= bytes * full.weightBytes && one.latencyRatio <= time)
    .toSorted((a, b) => b.evalAccuracy - a.evalAccuracy)[0];
}

/** Points that a profile loses in scope, refusal off, and over all rows, refusal on. */
export function lossOf(record: RunRecord, { inScopeTop1, accuracy }: ProfileRecord): { inScope: number; all: number } {
  const full = fullOf(record);
  return {
    inScope: 100 * ((full?.inScopeTop1 ?? Number.NaN) - inScopeTop1),
    all: 100 * ((full?.accuracy ?? Number.NaN) - accuracy),
  };
}

/** Half of the 95 % interval around what a profile loses in scope, in points: rows that both answer alike tell nothing of it. */
export function pairedHalfWidth({ inScopeRows }: RunRecord, { onlyFullRight, onlyItRight }: ProfileRecord): number {
  const difference = onlyFullRight - onlyItRight;
  return (196 * Math.sqrt(onlyFullRight + onlyItRight - difference ** 2 / inScopeRows)) / inScopeRows;
}

/** What 4 bits lose against 8 of the same shape, in points; the worst shape. */
export function worstOfFourBits(record: RunRecord): { profile: string; loss: number } | undefined {
  const right = new Map(record.profiles.map(({ profile, inScopeTop1 }) => [profile, inScopeTop1]));
  return record.profiles
    .filter(({ profile }) => profile.endsWith('-q4') && hasLayers(profile))
    .map(({ profile, inScopeTop1 }) => ({
      profile,
      loss: 100 * ((right.get(profile.replace('-q4', '-q8')) ?? Number.NaN) - inScopeTop1),
    }))
    .toSorted((a, b) => b.loss - a.loss)[0];
}
