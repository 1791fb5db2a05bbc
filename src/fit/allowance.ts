/** What a profile may take, out of what the board has and what the user wishes. */
import type { Limits } from '../profile/index.js';
import { constants } from './constants.js';

/** What must be kept; all of it optional. */
export interface Wishes {
  readonly maxLatencyMs?: number;
  readonly minAccuracy?: number;
  /** Share of the memory that may be used. */
  readonly memoryShare?: number;
  /** Share of the cores that may be used at the stream's rate. */
  readonly cpuShare?: number;
}

export interface Allowance {
  /** For one profile with its process, the reserve taken off; null where the board's memory is unknown. */
  readonly memoryBytes: number | null;
  /** How the bytes come about, for the person who asks. */
  readonly memorySource: string;
  readonly memoryShare: number;
  /** What others use of the memory that the share is of. */
  readonly maxLatencyMs: number | null;
  readonly minAccuracy: number | null;
  /** Cores that count: the fewer of those allowed and the quota; null where neither is known. */
  readonly cores: number | null;
  readonly cpuShare: number;
  readonly diskBytes: number | null;
  /** What is not known and so holds nothing back. */
  readonly unknown: readonly string[];
}

export interface Usage {
  /** What the asking process itself holds, with those that work for it: it is no other's. */
  readonly ownBytes: number;
}

/** Never less under more memory, more cores, a larger quota or a larger disk. */
export function allowanceOf(limits: Limits, wishes: Wishes, { ownBytes }: Usage = { ownBytes: 0 }): Allowance {
  const memory = memoryOf(limits, wishes.memoryShare, ownBytes);
  const cores = least(limits.cores.value, limits.quotaCores.value);
  const unknown = [
    ...(memory.bytes === null ? [`memory (${limits.ramAvailableBytes.source})`] : []),
    ...(cores === null ? [`cores (${limits.cores.source})`] : []),
  ];
  return {
    memoryBytes: memory.bytes,
    memorySource: memory.source,
    memoryShare: memory.share,
    maxLatencyMs: wishes.maxLatencyMs ?? null,
    minAccuracy: wishes.minAccuracy ?? null,
    cores,
    cpuShare: wishes.cpuShare ?? 1,
    diskBytes:
      limits.diskFreeBytes.value === null
        ? null
        : Math.max(0, limits.diskFreeBytes.value - constants.diskReserveBytes.value),
    unknown,
  };
}

function memoryOf(limits: Limits, wanted: number | undefined, ownBytes: number) {
  const { memoryLimitBytes, memoryHighBytes, memoryLimitUsageBytes, ramAvailableBytes } = limits;
  const available = ramAvailableBytes.value === null ? null : ramAvailableBytes.value + ownBytes;
  const limit = least(memoryLimitBytes.value, memoryHighBytes.value);
  const reserve = constants.reserveBytes.value;
  if (limit !== null) {
    const share = wanted ?? constants.limitedShare.value;
    const others = Math.max(0, (memoryLimitUsageBytes.value ?? 0) - ownBytes);
    const left = Math.min(limit - others, available ?? Number.POSITIVE_INFINITY);
    const used = others > 0 ? `, of which others use ${megabytes(others)}` : '';
    const source = `${percent(share)} of ${megabytes(limit)}${used}, less ${megabytes(reserve)}`;
    return { bytes: Math.max(0, share * left - reserve), share, source };
  }
  const share = wanted ?? constants.availableShare.value;
  if (available === null) return { bytes: null, share, source: 'unknown' };
  const source = `${percent(share)} of ${megabytes(available)} available, less ${megabytes(reserve)}`;
  return { bytes: Math.max(0, share * available - reserve), share, source };
}

export function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;
const percent = (share: number) => `${Math.round(100 * share)} %`;
