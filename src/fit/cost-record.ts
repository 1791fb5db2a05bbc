/**
 * What is known of a board's speed and memory, on disk: rates fitted to its first measurement, and what profiles were found to
 * take since. Bound to board, bundle and runtime; one of another is left alone, and why is said.
 */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import * as v from 'valibot';
import { runtimeVersion } from '../bundle/index.js';
import { messageOf, systemCodeOf } from '../errors/index.js';
import { cacheFolder } from '../files/cache-folder.js';
import { keepInCache } from '../files/index.js';
import type { Limits } from '../profile/index.js';
import { counted, type RatesByKind } from './rates.js';
import type { Kind } from './work.js';

/** Raised when what is kept means something else than before. */
const VERSION = 1;

const finite = v.pipe(v.number(), v.finite(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const ratesSchema = v.object({ perUnit: v.pipe(v.array(finite), v.length(counted.length)), cacheBytes: positive });

const byThreadsSchema = v.object({
  rates: v.object({ q32: ratesSchema, q8: ratesSchema, q4: ratesSchema, bag: ratesSchema } satisfies Record<
    Kind,
    typeof ratesSchema
  >),
  /** Processor time over wall time, where nothing holds a text up. */
  busyThreads: positive,
  /** Measurements behind the rates. */
  samples: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const measuredSchema = v.object({
  /** What was measured over what is predicted, smoothed. */
  latencyRatio: positive,
  rssAnonRatio: v.optional(positive),
  rssRatio: v.optional(positive),
  times: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

const recordSchema = v.object({
  v: v.literal(VERSION),
  board: v.string(),
  bundle: v.string(),
  runtime: v.string(),
  /** Of a process with the runtime loaded. */
  held: v.nullable(v.object({ rssAnonBytes: positive, rssBytes: positive })),
  threads: v.record(v.string(), byThreadsSchema),
  /** By profile and threads: `w1.00-p0.00-q8@1`. */
  measured: v.record(v.string(), measuredSchema),
});

/** How quick a board is with so many threads. */
export interface ByThreads {
  readonly rates: RatesByKind;
  readonly busyThreads: number;
  readonly samples: number;
}

export type MeasuredRatios = Readonly<v.InferOutput<typeof measuredSchema>>;

export interface CostRecord extends Readonly<Omit<v.InferOutput<typeof recordSchema>, 'threads' | 'measured'>> {
  readonly threads: Readonly<Record<string, ByThreads>>;
  readonly measured: Readonly<Record<string, MeasuredRatios>>;
}

/** What a record must have been made on and for. */
export interface Origin {
  readonly board: string;
  readonly bundle: string;
  readonly runtime: string;
}

/** What compiles Snug while it runs takes memory too: a process of a developer's says nothing of one on a board. */
const COMPILED_WHEN_RUN = extname(import.meta.url) === '.ts' ? ', compiled when run' : '';

/** @param limits of the running machine, never of a captured tree */
export function originOf(limits: Limits, bundle: string): Origin {
  const { boardModel, processorModel, instructions, cpuMaxMHz } = limits;
  const board = [boardModel, processorModel, instructions, cpuMaxMHz].map(({ value }) => value ?? '?').join(', ');
  return {
    board,
    bundle,
    runtime: `onnxruntime ${runtimeVersion()}, node ${process.versions.node}${COMPILED_WHEN_RUN}`,
  };
}

export function emptyRecord(origin: Origin): CostRecord {
  return { v: VERSION, ...origin, held: null, threads: {}, measured: {} };
}

const pathOf = ({ bundle }: Origin) => join(cacheFolder(), 'costs', `${bundle.slice(0, 24)}.json`);

export interface ReadRecord {
  readonly record: CostRecord | undefined;
  /** Why one that is there is not used. */
  readonly problem?: string;
}

export async function readRecord(origin: Origin): Promise<ReadRecord> {
  const path = pathOf(origin);
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { record: undefined };
    return { record: undefined, problem: `${path} can't be read: ${messageOf(error)}` };
  }
  const parsed = v.safeParse(recordSchema, raw);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return { record: undefined, problem: `${path}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}` };
  }
  const record = parsed.output;
  for (const key of ['board', 'runtime', 'bundle'] as const)
    if (record[key] !== origin[key])
      return { record: undefined, problem: `${path} is of another ${key}: ${record[key]}, not ${origin[key]}` };
  return { record };
}

/** One that can't be written costs a measurement at the next start, nothing else. */
export function writeRecord(record: CostRecord): Promise<void> {
  return keepInCache(pathOf(record), `${JSON.stringify(record)}\n`);
}
