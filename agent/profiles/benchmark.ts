/**
 * Profiles measured on the board that serves them, one after the other, each in a process of its own that goes on only while no
 * record waits: the stream comes first, and time is bounded.
 */
import { messageOf } from '../../src/errors/index.js';
import type { Measured, Profiles } from './index.js';

export interface BenchmarkOptions {
  /** Which ones; default: those that the agent could serve now. */
  readonly names?: readonly string[];
  /** To each profile. */
  readonly texts: number;
  readonly limitMs: number;
}

export type BenchmarkRow =
  | {
      readonly profile: string;
      readonly texts: number;
      /** One text at a time, its own length, warm. */
      readonly latencyMs: { readonly p50: number; readonly p95: number };
      /** Of the process that measured: a Node process with this profile alone. */
      readonly rssAnonBytes: number | null;
      readonly rssBytes: number | null;
    }
  | { readonly profile: string; readonly notMeasured: string };

export interface BenchmarkResult {
  readonly rows: readonly BenchmarkRow[];
  readonly seconds: number;
}

export interface BenchmarkParts {
  readonly profiles: Pick<Profiles, 'ladder' | 'isReady' | 'prepare' | 'measure'>;
  /** Profiles that could be served now. */
  readonly candidates: () => readonly string[];
  /** Whether memory allows a process with this profile beside the agent, or one that cuts. */
  readonly roomFor: (profile: string | 'cut') => boolean;
  /** Whether so little memory is left that the stream needs it. */
  readonly short: () => boolean;
  /** Whether no record waits. */
  readonly idle: () => boolean;
  /** Takes what was measured: the next choice goes by it. */
  readonly learn?: ((profile: string, measured: Measured) => Promise<void>) | undefined;
  readonly nowMs: () => number;
  /** Given when the agent ends. */
  readonly signal: AbortSignal;
}

/** What a child may take over its time: it looks at its own clock, and is ended only where it does not. */
const GRACE_MS = 3000;

export async function benchmark(
  { names, texts, limitMs }: BenchmarkOptions,
  parts: BenchmarkParts,
  progress: (progress: Readonly<Record<string, unknown>>) => void,
): Promise<BenchmarkResult> {
  const startedMs = parts.nowMs();
  const wanted = [...new Set(names ?? parts.candidates())];
  const rows: BenchmarkRow[] = [];
  for (const [index, profile] of wanted.entries()) {
    progress({ done: index, of: wanted.length, profile });
    const leftMs = startedMs + limitMs - parts.nowMs();
    rows.push(await row(profile, texts, leftMs / (wanted.length - index), leftMs, parts));
  }
  return { rows, seconds: Math.round((parts.nowMs() - startedMs) / 100) / 10 };
}

/** @param shareMs what this profile may take, so that those after it get theirs */
async function row(
  profile: string,
  texts: number,
  shareMs: number,
  leftMs: number,
  { profiles, roomFor, short: isShort, idle, learn, signal }: BenchmarkParts,
): Promise<BenchmarkRow> {
  if (!profiles.ladder.some((rung) => rung.profile === profile))
    return { profile, notMeasured: 'the bundle does not hold it' };
  if (leftMs <= 0) return { profile, notMeasured: 'the time was over' };
  if (!roomFor(profile)) return { profile, notMeasured: 'no memory for it beside the agent' };
  const timed = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(leftMs + GRACE_MS))]);
  const short = new AbortController(); // memory that is needed for the stream ends the measurement
  const goAhead = () => {
    if (isShort()) short.abort();
    return idle();
  };
  try {
    if (!(await profiles.isReady(profile))) {
      if (!roomFor('cut')) return { profile, notMeasured: 'no memory to cut it beside the agent' };
      await profiles.prepare(profile, { signal: timed });
    }
    const measuring = { signal: AbortSignal.any([timed, short.signal]), goAhead };
    const measured = await profiles.measure(profile, texts, shareMs, measuring);
    const { texts: counted, p50Ms, p95Ms, rssAnonBytes, rssBytes } = measured;
    if (counted === 0) return { profile, notMeasured: 'the stream left no time for it' };
    await learn?.(profile, measured);
    return {
      profile,
      texts: counted,
      latencyMs: { p50: thousandths(p50Ms), p95: thousandths(p95Ms) },
      rssAnonBytes,
      rssBytes,
    };
  } catch (error) {
    if (short.signal.aborted) return { profile, notMeasured: 'memory got short' };
    if (timed.aborted) return { profile, notMeasured: 'the time was over' };
    return { profile, notMeasured: messageOf(error) };
  }
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
