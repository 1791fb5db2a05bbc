/** One board, made of a memory limit and a quota: what fit chooses there, whether it serves, and whether the next one would have. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLess } from '../../fit/equal.js';
import { ControlGroup } from '../control-group.js';
import type { OwnCopy } from './own-copy.js';
import { type Streamed, stream } from './stream.js';

export const LIMIT_MS = 10;
export const PER_SECOND = 10;
/** `snug fit` on a board that can't even run it. */
const FIT_MS = 180_000;

export interface Case {
  readonly megabytes: number;
  readonly cores: number;
}

export interface CaseResult extends Case {
  /** What fit chose, or that it found none, or why it could not say. */
  readonly fit:
    | { readonly profile: string; readonly accuracy: number }
    | { readonly none: string }
    | { readonly why: string };
  readonly served?: Streamed;
  /** The next more accurate profile, forced; absent where none is told apart from the chosen one. */
  readonly forced?: { readonly profile: string; readonly accuracy: number; readonly streamed: Streamed };
}

export interface CaseOptions {
  readonly copy: OwnCopy;
  readonly bundle: string;
  /** Rows that the ladder's accuracies were found over. */
  readonly rows: number;
  readonly texts: readonly string[];
  readonly longTexts: readonly string[];
  readonly workFolder: string;
  readonly say: (line: string) => void;
}

interface Answer {
  readonly chosen: { readonly profile: string; readonly accuracy: number };
  readonly candidates: readonly { readonly profile: string; readonly accuracy: number | null }[];
}

export async function runCase({ megabytes, cores }: Case, options: CaseOptions): Promise<CaseResult> {
  const { bundle, rows, say } = options;
  const limits = { memoryBytes: megabytes * 2 ** 20, cores };
  const name = `${megabytes} MB, ${cores} cores`;
  say(`${name}: fit`);
  const found = await inGroup(limits, options, (group, cache) => askFit(group, cache, options));
  if (!('chosen' in found)) return { megabytes, cores, fit: found };
  const { chosen, candidates } = found;
  const serve = (profile: string) =>
    inGroup(limits, options, (group, cache) =>
      stream({ ...options, group, cache, bundle, profile, perSecond: PER_SECOND, limitMs: LIMIT_MS }),
    );
  say(`${name}: serving ${chosen.profile}`);
  const served = await serve(chosen.profile);
  say(`${name}: ${chosen.profile} ${served.outcome}, p95 ${served.p95Ms?.toFixed(1)} ms`);
  const next = candidates
    .filter((each): each is Answer['chosen'] => each.accuracy !== null && isLess(chosen.accuracy, each.accuracy, rows))
    .toSorted((a, b) => a.accuracy - b.accuracy)
    .at(0);
  const fit = { profile: chosen.profile, accuracy: chosen.accuracy };
  if (next === undefined) return { megabytes, cores, fit, served };
  say(`${name}: forcing ${next.profile}`);
  const streamed = await serve(next.profile);
  say(`${name}: ${next.profile} ${streamed.outcome}, p95 ${streamed.p95Ms?.toFixed(1)} ms`);
  return { megabytes, cores, fit, served, forced: { profile: next.profile, accuracy: next.accuracy, streamed } };
}

let caches = 0;

/** Runs something in a group of its own, with an empty cache and its files counted anew. */
async function inGroup<Result>(
  limits: { readonly memoryBytes: number; readonly cores: number },
  { copy, workFolder }: CaseOptions,
  act: (group: ControlGroup, cache: string) => Promise<Result>,
): Promise<Result> {
  const cache = join(workFolder, `cache-${caches++}`);
  copy.forget();
  const group = ControlGroup.make(limits);
  try {
    return await act(group, cache);
  } finally {
    await group.remove();
    await rm(cache, { recursive: true, force: true });
  }
}

async function askFit(
  group: ControlGroup,
  cache: string,
  { copy, bundle }: CaseOptions,
): Promise<Answer | { none: string } | { why: string }> {
  const { command, args } = group.inside({
    command: copy.node,
    args: [copy.cli, 'fit', bundle, '--max-latency', String(LIMIT_MS), '--rate', String(PER_SECOND), '--json'],
  });
  const child = spawn(command, [...args], {
    env: { ...process.env, SNUG_CACHE: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    said.out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    said.err += bytes;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), FIT_MS);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (code === 0) return JSON.parse(said.out);
  const last =
    said.err
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('snug: '))
      .at(-1) ?? '';
  if (said.err.includes('[NOTHING_FITS]')) return { none: last };
  return { why: signal === null ? `fit ended with ${code}: ${last}` : `fit could not run there: ended by ${signal}` };
}
