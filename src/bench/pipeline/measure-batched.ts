/** Records per second with many texts at hand: loops in one process, and `snug run` on a file. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LineProcess } from '../line-process.js';
import { attempt, rotated } from './measure-serving.js';
import type { Prepared } from './prepare.js';
import type { Sample, Samples } from './samples.js';
import { batchLaunch, runLaunch, type SideId } from './sides.js';

const BATCH_SIZES = [1, 4, 8, 16, 32, 64] as const;
const SEARCH_TEXTS = 512;
export const ROUND_TEXTS = 2000;
/** Texts answered before the clock of a process that is started anew begins. */
export const WARM_UP_TEXTS = 300;

export interface BatchedPlan {
  /** Sides that answer batches on request (bare loops, the peer). */
  readonly loops: readonly SideId[];
  /** Sides that read a file to its end: `snug run` and the agent, by the function that gives records/s for that file. */
  readonly streams: ReadonlyMap<SideId, (textsFile: string, texts: readonly string[]) => Promise<number>>;
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
    for (let round = 0; round < plan.rounds; round++) {
      plan.say(`batched, round ${round + 1} of ${plan.rounds}`);
      const first = SEARCH_TEXTS + round * ROUND_TEXTS;
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
          if (child && way) figures.get(side)?.push(await loopRate(child, way, first % prepared.texts, texts.length));
          else if (stream) figures.get(side)?.push(await stream(file, [...warmUp, ...texts]));
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

/** Records per second of `snug run` on a file: between the answers to the last warm-up text and to the last text. */
export async function runRate(side: SideId, prepared: Prepared, textsFile: string, count: number): Promise<number> {
  const launch = runLaunch(side, prepared, ['--source', `file:${textsFile}`]);
  if ('why' in launch) throw new Error(launch.why);
  const child = spawn(launch.command, [...launch.args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let seen = 0;
  let from = 0;
  let to = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    seen++;
    if (seen === WARM_UP_TEXTS) from = performance.now();
    if (seen === count) to = performance.now();
  }
  if (seen !== count) throw new Error(`snug run answered ${seen} of ${count} texts`);
  return ((count - WARM_UP_TEXTS) * 1000) / (to - from);
}

async function bestWay(child: LineProcess): Promise<Way> {
  await loopRate(child, { batchSize: 16, sorted: true }, 0, SEARCH_TEXTS);
  let best: Way = { batchSize: 1, sorted: false };
  let bestRate = 0;
  for (const batchSize of BATCH_SIZES)
    for (const sorted of batchSize === 1 ? [false] : [false, true]) {
      const rate = await loopRate(child, { batchSize, sorted }, 0, SEARCH_TEXTS);
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
