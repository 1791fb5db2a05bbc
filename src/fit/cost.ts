/** Predicts what a profile costs on a board: time and memory, from its work and what is known of the board. */

import type { Bits } from '../bundle/index.js';
import { MAX_TOKENS } from '../infer/batches.js';
import { constants } from './constants.js';
import type { ByThreads, CostRecord, MeasuredRatios } from './cost-record.js';
import { textMs } from './rates.js';
import type { Kind, Work } from './work.js';

export interface Costs {
  /** One text, from text to answer, texts coming slowly. */
  readonly latencyMs: number;
  /** Processor time of one text, all threads together. */
  readonly cpuMs: number;
  /** Of the whole process after a thousand texts. */
  readonly rssAnonBytes: number;
  readonly rssBytes: number;
  /** What must be in memory for no page to be read again at every text, a full batch of long texts once answered. */
  readonly residentBytes: number;
  /** What cutting the profile takes at its height. It counts where that is done too: the choice is not to hang on a cache. */
  readonly makingBytes: number;
  /** What its files will take on the disk; 0 where they are there. */
  readonly diskBytes: number;
}

/** What is known of a board. */
export interface BoardSpeed {
  readonly byThreads: ByThreads;
  readonly held: NonNullable<CostRecord['held']>;
  readonly measured: CostRecord['measured'];
}

export interface Conditions {
  readonly tokens: number;
  readonly threads: number;
  /** Null where no quota holds. */
  readonly quotaCores: number | null;
  readonly isCached: boolean;
}

/** Anonymous bytes that the runtime takes for each byte of a layer's weights. */
const ANON_OF_WEIGHTS: Readonly<Record<Bits, number>> = { 32: 0.27, 8: 0.12, 4: 0.1 };
/** What a full batch of long texts adds to the runtime's arena, which never shrinks: bytes for each neuron of the widest layer and token. */
const BATCH_BYTES: Readonly<Record<Bits, number>> = { 32: 15.5, 8: 18, 4: 22 };
const MAKING_BYTES: Readonly<Record<Bits, number>> = {
  32: constants.makingBytes32.value,
  8: constants.makingBytes8.value,
  4: constants.makingBytes4.value,
};
/** The kernel maps files by so many bytes at once around a page that is missing. */
const FAULT_AROUND_BYTES = 65_536;
/** So many different places of the embedding table a thousand texts read. */
const PLACES_READ = 1100;
/** What of the table a few texts read. */
const TABLE_HOT_BYTES = 2e6;

export const measuredKey = (profile: string, threads: number) => `${profile}@${threads}`;

export function costsOf(profile: string, work: Work, board: BoardSpeed, conditions: Conditions): Costs {
  const { threads, quotaCores, isCached } = conditions;
  const { own, kind } = ratiosOf(profile, work.kind, threads, board.measured);
  const { ms: plainMs, cpuMs: plainCpuMs } = serviceOf(work, board.byThreads, conditions.tokens);
  const slower = own?.latencyRatio ?? kind;
  const ms = plainMs * slower;
  const cpuMs = plainCpuMs * slower;
  const { rssAnonBytes, rssBytes } = memoryOf(work, board.held);
  const anonBytes = rssAnonBytes * (own?.rssAnonRatio ?? 1);
  return {
    latencyMs: underQuota(ms, cpuMs, quotaCores),
    cpuMs,
    rssAnonBytes: Math.round(anonBytes),
    rssBytes: Math.round(rssBytes * (own?.rssRatio ?? 1)),
    residentBytes: Math.round(
      anonBytes +
        BATCH_BYTES[work.bits] * work.widestNeurons * MAX_TOKENS +
        constants.hotCodeBytes.value +
        work.layerBytes +
        work.headBytes +
        Math.min(work.tableBytes, TABLE_HOT_BYTES),
    ),
    makingBytes: constants.waitingBytes.value + constants.makingCodeBytes.value + MAKING_BYTES[work.bits],
    diskBytes: isCached ? 0 : work.fileBytes,
  };
}

/** The most that a profile needs at any time: to be cut, and to answer. */
export const memoryNeed = ({ residentBytes, makingBytes }: Costs) => Math.max(residentBytes, makingBytes);

/** Time of one text where nothing holds it up, and processor time of all threads. */
export function serviceOf(work: Work, { rates, busyThreads }: ByThreads, tokens: number) {
  const ms = textMs(work, tokens, rates[work.kind]);
  return { ms, cpuMs: ms * busyThreads };
}

/**
 * A text under a quota, the others long gone: what it needs beyond a period's share waits for the next period
 * (sched-bwc.rst of the kernel).
 */
export function underQuota(ms: number, cpuMs: number, quotaCores: number | null): number {
  const periodMs = constants.quotaPeriodMs.value;
  const busy = ms > 0 ? cpuMs / ms : 1;
  if (quotaCores === null || quotaCores >= busy) return ms;
  const shareMs = quotaCores * periodMs;
  const waits = Math.ceil(cpuMs / shareMs) - 1;
  return ms + Math.max(0, waits) * (periodMs - shareMs / busy);
}

/** Mean time of a text while texts wait without end: the quota is all that counts once it is used up. */
export function saturatedMs(ms: number, cpuMs: number, quotaCores: number | null): number {
  return quotaCores === null ? ms : Math.max(ms, cpuMs / quotaCores);
}

function memoryOf(work: Work, held: BoardSpeed['held']) {
  const { heapBytes } = constants;
  const rssAnonBytes = held.rssAnonBytes + heapBytes.value + ANON_OF_WEIGHTS[work.bits] * work.layerBytes;
  const mapped = held.rssBytes - held.rssAnonBytes + work.layerBytes + work.headBytes + tableReadBytes(work);
  return { rssAnonBytes, rssBytes: rssAnonBytes + mapped };
}

/** What of the embedding table has been read after a thousand texts, places hit by chance. */
function tableReadBytes({ tableBytes }: Work): number {
  const places = Math.max(1, tableBytes / FAULT_AROUND_BYTES);
  return tableBytes * (1 - Math.exp(-PLACES_READ / places));
}

/** A profile's own ratios, and what profiles of its kind were found to take against what was predicted. */
function ratiosOf(profile: string, kind: Kind, threads: number, measured: CostRecord['measured']) {
  const own: MeasuredRatios | undefined = measured[measuredKey(profile, threads)];
  const alike = Object.entries(measured).filter(([key]) => key.endsWith(`@${threads}`) && kindOfKey(key) === kind);
  const logs = alike.map(([, { latencyRatio }]) => Math.log(latencyRatio));
  return { own, kind: logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) };
}

function kindOfKey(key: string): string {
  return key.startsWith('bag-') ? 'bag' : (/-(q\d+)/.exec(key)?.[1] ?? '');
}
