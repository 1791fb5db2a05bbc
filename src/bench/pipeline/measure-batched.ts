/** Records per second with many texts at hand: loops in one process, and `snug run` on a file. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LineProcess } from '../line-process.js';
import { rotated } from '../rounds.js';
import { attempt } from './measure-serving.js';
import type { Prepared } from './prepare.js';
import type { Sample, Samples } from './samples.js';
import { batchLaunch, runLaunch, type SideId } from './sides.js';
import { type Arrival, steadyRate } from './steady-rate.js';

/** Batches that a loop tries; each in the order given and sorted by length. */
const LOOP_BATCHES = [1, 4, 8, 16, 32, 64, 128, 512] as const;
/** Batches that a stream tries: records to a run of the model at most. */
const STREAM_BATCHES = [32, 128, 512] as const;
/** Texts for the search of the best batch size. */
const SEARCH_TEXTS = 1024;
const SMALL_SEARCH_TEXTS = 384;
const ROUND_TEXTS = 2000;
/** Texts answered before the clock of a process that is started anew begins. */
export const WARM_UP_TEXTS = 300;

export interface BatchedPlan {
  /** Sides that answer batches on request (bare loops, the peer). */
  readonly loops: readonly SideId[];
  /** Sides that read a file to its end, `snug run` and the agent: records per second for a file of `count` texts. */
  readonly streams: ReadonlyMap<SideId, (textsFile: string, count: number, batchSize: number) => Promise<number>>;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

interface Way {
  readonly batchSize: number;
  readonly sorted: boolean;
}

/** Records per second of each round. A loop's batch size, and whether it sorts by length, is the best of a search of its own. */
export async function measureBatched(prepared: Prepared, plan: BatchedPlan): Promise<Samples> {
  const samples = new Map<SideId, Sample>();
  const open = new Map<SideId, LineProcess>();
  const ways = new Map<SideId, Way>();
  const figures = new Map<SideId, number[]>([...plan.loops, ...plan.streams.keys()].map((side) => [side, []]));
  try {
    for (const side of plan.loops) {
      plan.say(`batch size of ${side}`);
      await attempt(side, samples, async () => {
        const launch = batchLaunch(side, prepared);
        if ('why' in launch) throw new Error(launch.why);
        const child = new LineProcess(launch);
        open.set(side, child);
        ways.set(side, await bestWay(child));
      });
    }
    const searchFile = join(prepared.workFolder, 'search.txt');
    await writeFile(searchFile, `${prepared.slice(0, WARM_UP_TEXTS + SEARCH_TEXTS).join('\n')}\n`);
    for (const [side, rate] of plan.streams) {
      plan.say(`batch size of ${side}`);
      await attempt(side, samples, async () => {
        let bestRate = 0;
        for (const batchSize of STREAM_BATCHES) {
          const found = await rate(searchFile, WARM_UP_TEXTS + SEARCH_TEXTS, batchSize);
          if (found > bestRate) ways.set(side, { batchSize, sorted: false });
          bestRate = Math.max(bestRate, found);
        }
      });
    }
    for (let round = 0; round < plan.rounds; round++) {
      plan.say(`batched, round ${round + 1} of ${plan.rounds}`);
      const first = WARM_UP_TEXTS + SEARCH_TEXTS + round * ROUND_TEXTS;
      const texts = prepared.slice(first, ROUND_TEXTS);
      // A stream's warm-up texts are others than those that are timed, so that every text stays unique.
      const file = join(prepared.workFolder, `round-${round}.txt`);
      const warmUp = prepared.slice(first + ROUND_TEXTS, WARM_UP_TEXTS);
      await writeFile(file, `${[...warmUp, ...texts].join('\n')}\n`);
      for (const side of rotated([...figures.keys()], round)) {
        if (samples.has(side)) continue;
        await attempt(side, samples, async () => {
          const child = open.get(side);
          const way = ways.get(side);
          const stream = plan.streams.get(side);
          if (way === undefined) return;
          if (child) figures.get(side)?.push(await loopRate(child, way, first % prepared.texts, texts.length));
          if (stream) figures.get(side)?.push(await stream(file, warmUp.length + texts.length, way.batchSize));
        });
      }
    }
  } finally {
    for (const child of open.values()) await child.end();
  }
  for (const [side, taken] of figures) {
    if (samples.has(side)) continue;
    const way = ways.get(side);
    const note = way === undefined ? undefined : `batches of ${way.batchSize}${way.sorted ? ', sorted by length' : ''}`;
    samples.set(side, { figures: taken, ...(note === undefined ? {} : { note }) });
  }
  return samples;
}

/** Records per second of `snug run` on a file. */
export async function runRate(
  side: SideId,
  prepared: Prepared,
  textsFile: string,
  count: number,
  batchSize: number,
): Promise<number> {
  const launch = runLaunch(side, prepared, ['--source', `file:${textsFile}`, '--batch', `${batchSize}`]);
  if ('why' in launch) throw new Error(launch.why);
  const child = spawn(launch.command, [...launch.args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const arrivals: Arrival[] = [];
  for await (const _ of createInterface({ input: child.stdout }))
    arrivals.push({ at: performance.now(), seen: arrivals.length + 1 });
  if (arrivals.length !== count) throw new Error(`snug run answered ${arrivals.length} of ${count} texts`);
  return steadyRate(arrivals, WARM_UP_TEXTS, batchSize);
}

async function bestWay(child: LineProcess): Promise<Way> {
  await loopRate(child, { batchSize: 16, sorted: true }, 0, SMALL_SEARCH_TEXTS);
  let best: Way = { batchSize: 1, sorted: false };
  let bestRate = 0;
  for (const batchSize of LOOP_BATCHES)
    for (const sorted of batchSize === 1 ? [false] : [false, true]) {
      const texts = batchSize > 64 ? SEARCH_TEXTS : SMALL_SEARCH_TEXTS;
      const rate = await loopRate(child, { batchSize, sorted }, 0, texts);
      if (rate <= bestRate) continue;
      best = { batchSize, sorted };
      bestRate = rate;
    }
  return best;
}

async function loopRate(child: LineProcess, way: Way, first: number, count: number): Promise<number> {
  const { records, seconds } = JSON.parse(await child.ask(JSON.stringify({ first, count, ...way }))) as {
    records: number;
    seconds: number;
  };
  if (records !== count) throw new Error(`the loop answered ${records} of ${count} texts`);
  return records / seconds;
}
