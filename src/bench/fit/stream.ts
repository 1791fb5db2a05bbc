/** Texts to `snug run` as they come in the field: ten a second, whether the one before is answered or not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlGroup } from '../control-group.js';
import { percentile } from '../statistics.js';
import type { OwnCopy } from './own-copy.js';

export interface Streaming {
  readonly copy: OwnCopy;
  readonly group: ControlGroup;
  readonly bundle: string;
  readonly profile: string;
  readonly cache: string;
  /** Those whose latency counts. */
  readonly texts: readonly string[];
  /** Those that come after them. */
  readonly longTexts: readonly string[];
  readonly perSecond: number;
  readonly limitMs: number;
}

export interface Streamed {
  readonly outcome: 'served' | 'late' | 'killed' | 'stuck' | 'not ready';
  readonly answered: number;
  /** Of the texts answered; null where none was. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Pages read from disk while it streamed. */
  readonly majorFaults: number;
  readonly detail: string;
}

/** Loading, and cutting where the cache has nothing. */
const READY_MS = 240_000;
/** What the last answers may take. */
const LAST_MS = 20_000;
/** The share of texts that may be late. */
const LATE_SHARE = 0.05;

export async function stream(streaming: Streaming): Promise<Streamed> {
  const { copy, group, bundle, profile, cache, texts, longTexts, perSecond, limitMs } = streaming;
  const { command, args } = group.inside({
    command: copy.node,
    args: [copy.cli, 'run', bundle, '--profile', profile, '--json'],
  });
  const child = spawn(command, [...args], { env: { ...process.env, SNUG_CACHE: cache }, stdio: 'pipe' });
  const ended = once(child, 'close');
  const sentMs: number[] = [];
  const tookMs: number[] = [];
  let words = '';
  createInterface({ input: child.stdout }).on('line', () => tookMs.push(performance.now() - sentMs[tookMs.length]));
  child.stdin.on('error', () => undefined); // its end says more
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      words = `${words}\n${line}`.slice(-600);
      if (line === 'ready') resolve(true);
    });
    child.once('close', () => resolve(false));
  });
  const result = (outcome: Streamed['outcome'], faults = 0): Streamed => {
    const counted = tookMs.slice(0, texts.length);
    const at = (share: number) => (counted.length === 0 ? null : percentile(counted, share));
    const kills = group.oomKills();
    return {
      outcome: kills !== null && kills > 0 && outcome !== 'late' ? 'killed' : outcome,
      answered: tookMs.length,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      majorFaults: faults,
      detail: outcome === 'served' || outcome === 'late' ? '' : words.trim().split('\n').slice(-2).join(' '),
    };
  };
  try {
    const isReady = await Promise.race([ready, pause(READY_MS, undefined, { ref: false })]);
    if (isReady !== true) return result('not ready');
    const faultsBefore = group.majorFaults();
    const startedMs = performance.now();
    for (const [at, text] of [...texts, ...longTexts].entries()) {
      await pause(Math.max(0, startedMs + (1000 * at) / perSecond - performance.now()));
      if (isGone(child)) return result('killed', group.majorFaults() - faultsBefore);
      // More than may be late already are: nothing that comes will change that.
      if (lateOf(tookMs, sentMs, texts.length, limitMs) > LATE_SHARE * texts.length)
        return result('late', group.majorFaults() - faultsBefore);
      sentMs.push(performance.now());
      child.stdin.write(`${text}\n`);
    }
    const all = texts.length + longTexts.length;
    for (
      const until = performance.now() + LAST_MS;
      tookMs.length < all && performance.now() < until && !isGone(child);
    )
      await pause(20);
    const faults = group.majorFaults() - faultsBefore;
    if (tookMs.length < all) return result(isGone(child) ? 'killed' : 'stuck', faults);
    const { p95Ms } = result('served');
    return result(p95Ms !== null && p95Ms <= limitMs ? 'served' : 'late', faults);
  } finally {
    child.stdin.end();
    child.kill('SIGKILL');
    await ended;
  }
}

const isGone = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Texts that were answered late, or wait for longer already. */
function lateOf(tookMs: readonly number[], sentMs: readonly number[], counted: number, limitMs: number): number {
  const now = performance.now();
  const answered = tookMs.slice(0, counted).filter((ms) => ms > limitMs).length;
  return answered + sentMs.slice(tookMs.length, counted).filter((ms) => now - ms > limitMs).length;
}
