/** Figures of the running agent, at an interval. */

import { readPressure } from '../../src/profile/index.js';
import { processMemory } from '../../src/profile/process-memory.js';
import type { Payloads } from '../../src/protocol/index.js';
import { type Clock, timestamp } from '../clock.js';
import type { PipelineStats } from '../pipeline.js';

export interface TelemetryOptions {
  readonly intervalMs: number;
  readonly clock: Clock;
  /** The pipeline's figures; latencies since the last call. */
  readonly stats: () => PipelineStats;
  readonly session: () => number;
  /** What waits for the broker. */
  readonly waiting: () => { readonly records: number; readonly bytes: number };
  readonly publish: (message: Payloads['telemetry']) => void;
  /** Queues dropped records since the last look: so many, by source and cause. */
  readonly onDrops: (count: number, drops: Record<string, number>) => void;
}

export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #startedMs: number;
  #stopping = false;
  /** Ends a wait early. Not `AbortSignal.any` with a signal that lives as long as the agent: that one keeps a trace of each. */
  #waiting = new AbortController();
  #intervalMs: number;
  #before: { atMs: number; cpuMs: number; records: number; drops: Record<string, number> };
  #loop: Promise<void> | undefined;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
    this.#startedMs = options.clock.runMs();
    this.#before = { atMs: this.#startedMs, cpuMs: cpuMs(), records: 0, drops: {} };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Another interval, from now on. */
  changeInterval(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#waiting.abort();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiting.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, publish } = this.#options;
    while (!this.#stopping) {
      this.#waiting = new AbortController();
      const { signal } = this.#waiting;
      await clock.sleep(this.#intervalMs, signal);
      if (!signal.aborted) publish(this.#message());
    }
  }

  #message(): Payloads['telemetry'] {
    const { clock, stats, session, waiting } = this.#options;
    const { sources, predicted, refused, truncated, failed, latencyMs, totalMs } = stats();
    const before = this.#before;
    const drops = Object.fromEntries(countsOf(sources, 'drops'));
    this.#before = { atMs: clock.runMs(), cpuMs: cpuMs(), records: predicted, drops };
    const elapsedMs = Math.max(1, this.#before.atMs - before.atMs);
    this.#tellDrops(before.drops, drops);
    return {
      v: 1,
      ts: timestamp(clock),
      session: Math.max(1, session()),
      uptimeMs: Math.round(clock.runMs() - this.#startedMs),
      records: {
        total: predicted,
        perSecond: rounded(((predicted - before.records) * 1000) / elapsedMs),
        refused,
        truncated,
        failed,
        replaced: sources.reduce((sum, { replaced }) => sum + replaced, 0),
      },
      latencyMs: percentiles(latencyMs),
      totalMs: percentiles(totalMs),
      ...named(sources, Object.entries(drops), countsOf(sources, 'leftOut')),
      sourcesLost: sources.filter(({ state }) => state === 'lost').length,
      outbox: waiting(),
      ...processMemory(),
      cpuShare: rounded((this.#before.cpuMs - before.cpuMs) / elapsedMs),
      temperatureC: readPressure().limits.temperatureC.value,
    };
  }

  #tellDrops(before: Record<string, number>, drops: Record<string, number>): void {
    const risen = Object.entries(drops).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    const count = risen.reduce((sum, [, more]) => sum + more, 0);
    if (count > 0) this.#options.onDrops(count, Object.fromEntries(risen.filter(([, more]) => more > 0)));
  }
}

/** `source.cause` and its count, where there is one. */
function countsOf(sources: PipelineStats['sources'], what: 'drops' | 'leftOut'): [string, number][] {
  return sources.flatMap((each) =>
    Object.entries(each[what]).flatMap(([cause, count]): [string, number][] =>
      count > 0 ? [[`${each.source}.${cause}`, count]] : [],
    ),
  );
}

/** Entries of each list in one message at most: with names of usual length a message stays below 4 KiB. */
const MOST_NAMED = 32;

type Counts = readonly (readonly [name: string, count: number])[];

/** The lists by name, and how many of each did not get in. */
function named(sources: PipelineStats['sources'], drops: Counts, leftOut: Counts) {
  const queue: Counts = sources.map(({ source, queued }) => [source, queued]);
  const first = (counts: Counts) => Object.fromEntries(counts.slice(0, MOST_NAMED));
  const more = (name: string, { length }: Counts) => (length > MOST_NAMED ? { [name]: length - MOST_NAMED } : {});
  return {
    queue: first(queue),
    drops: first(drops),
    leftOut: first(leftOut),
    ...more('sourcesMore', queue),
    ...more('dropsMore', drops),
    ...more('leftOutMore', leftOut),
  };
}

/** Of the cores: 1 is one core used all the time. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function percentiles({ p50, p95, p99 }: { p50: number; p95: number; p99: number }) {
  return { p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
