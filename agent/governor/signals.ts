/** What the governor goes by: readings of the board and of the stream, turned into rates between two looks. */
import type { StreamLoad } from '../stream-meter.js';

/** What the board feels at this moment; null where it can't be known. Counters rise from some beginning of their own. */
export interface PressureReading {
  /** Pressure stall information, `some avg10`, 0 to 1. */
  readonly memoryStallShare: number | null;
  readonly cpuStallShare: number | null;
  /** Whether stalls are those of our control group, not of the whole board. */
  readonly stallsAreOwn: boolean;
  /** MemAvailable. */
  readonly availableBytes: number | null;
  /** The nearest memory limit of the control groups. */
  readonly memoryLimitBytes: number | null;
  /** What counts against it, file cache left out. */
  readonly memoryUsedBytes: number | null;
  /** How often the group was at its limit: `high` and `max` of memory.events, or failcnt of version 1. */
  readonly atLimitCount: number | null;
  /** How often that could not be helped: `oom`. */
  readonly oomCount: number | null;
  /** Processes of the group that were killed for memory. */
  readonly oomKillCount: number | null;
  readonly temperatureC: number | null;
  /** True where the board says that it is slowed down now, by heat or by a weak supply. */
  readonly throttled: boolean | null;
  /** Of cpu.stat: periods of the quota, and those in which it ran out. */
  readonly cpuPeriods: number | null;
  readonly cpuThrottledPeriods: number | null;
}

export const nothingKnown: PressureReading = {
  memoryStallShare: null,
  cpuStallShare: null,
  stallsAreOwn: false,
  availableBytes: null,
  memoryLimitBytes: null,
  memoryUsedBytes: null,
  atLimitCount: null,
  oomCount: null,
  oomKillCount: null,
  temperatureC: null,
  throttled: null,
  cpuPeriods: null,
  cpuThrottledPeriods: null,
};

/** One look at everything. Rates are of the time since the look before. */
export interface Signals {
  /** On a clock that never jumps. */
  readonly atMs: number;
  readonly queueDelayMs: number;
  /** Null where too few texts were answered to say. */
  readonly p95Ms: number | null;
  /** What it must keep; null where there is no such limit. */
  readonly targetMs: number | null;
  /** Of the time since the last look, for the sources that have a pace of their own: the others take what is left. */
  readonly busyShare: number;
  readonly arrivedPerSecond: number;
  readonly answeredPerSecond: number;
  readonly memoryStallShare: number | null;
  readonly cpuStallShare: number | null;
  readonly stallsAreOwn: boolean;
  /** What is left before memory runs out, here or on the whole board, and of how much. */
  readonly headroomBytes: number | null;
  readonly memoryBytes: number | null;
  /** Times at the memory limit, and kills or near kills, since the last look. */
  readonly atLimit: number;
  readonly oom: number;
  readonly faultsPerSecond: number;
  readonly temperatureC: number | null;
  readonly throttled: boolean;
  readonly cpuThrottledShare: number | null;
  /** A profile is being cut beside the stream. */
  readonly cutting: boolean;
}

export interface SamplerParts {
  readonly readPressure: () => PressureReading;
  readonly stream: () => StreamLoad;
  /** Major page faults of this process so far. */
  readonly majorFaults: () => number;
  readonly targetMs: number | null;
  /** Its RAM is what memory is measured against where no control group limits it. */
  readonly board: { readonly ramBytes: number | null };
  readonly nowMs: () => number;
}

const FEWEST_TEXTS = 10;

interface Before {
  readonly atMs: number;
  readonly pressure: PressureReading;
  readonly stream: StreamLoad;
  readonly faults: number;
}

export class Sampler {
  #before: Before | undefined;

  constructor(private readonly parts: SamplerParts) {}

  /** @param cutting whether a profile is being cut beside the stream */
  take(cutting: boolean): { readonly signals: Signals; readonly pressure: PressureReading } {
    const { readPressure, stream: readStream, majorFaults, nowMs, targetMs } = this.parts;
    const now: Before = { atMs: nowMs(), pressure: readPressure(), stream: readStream(), faults: majorFaults() };
    const before = this.#before ?? now;
    this.#before = now;
    const { pressure, stream } = now;
    const seconds = Math.max(1e-3, (now.atMs - before.atMs) / 1000);
    const arrived = stream.arrived - before.stream.arrived;
    const answered = stream.answered - before.stream.answered;
    const busy = Math.min(1, (stream.busyMs - before.stream.busyMs) / 1000 / seconds);
    const periods = risen(before.pressure.cpuPeriods, pressure.cpuPeriods);
    const signals = {
      atMs: now.atMs,
      queueDelayMs: stream.queueDelayMs,
      p95Ms: stream.p95Count >= FEWEST_TEXTS ? stream.p95Ms : null,
      targetMs,
      busyShare: answered > arrived ? (busy * arrived) / answered : busy,
      arrivedPerSecond: arrived / seconds,
      answeredPerSecond: answered / seconds,
      memoryStallShare: pressure.memoryStallShare,
      cpuStallShare: pressure.cpuStallShare,
      stallsAreOwn: pressure.stallsAreOwn,
      ...this.#headroom(pressure),
      atLimit: risen(before.pressure.atLimitCount, pressure.atLimitCount),
      oom:
        risen(before.pressure.oomCount, pressure.oomCount) + risen(before.pressure.oomKillCount, pressure.oomKillCount),
      faultsPerSecond: (now.faults - before.faults) / seconds,
      temperatureC: pressure.temperatureC,
      throttled: pressure.throttled ?? false,
      cpuThrottledShare:
        pressure.cpuPeriods === null
          ? null
          : risen(before.pressure.cpuThrottledPeriods, pressure.cpuThrottledPeriods) / Math.max(1, periods),
      cutting,
    };
    return { signals, pressure };
  }

  /** The tighter of the two: the group's limit, the board's memory. */
  #headroom(pressure: PressureReading): Pick<Signals, 'headroomBytes' | 'memoryBytes'> {
    const { memoryLimitBytes: limit, memoryUsedBytes: used, availableBytes: available } = pressure;
    const ofGroup = limit !== null && used !== null ? Math.max(0, limit - used) : null;
    if (ofGroup !== null && (available === null || ofGroup <= available))
      return { headroomBytes: ofGroup, memoryBytes: limit };
    return { headroomBytes: available, memoryBytes: this.parts.board.ramBytes };
  }
}

/** A counter that was set back, with its group or its board, has not risen. */
function risen(before: number | null, now: number | null): number {
  return before === null || now === null ? 0 : Math.max(0, now - before);
}
