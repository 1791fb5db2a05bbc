/** Runs forms of the toy side by side in one process, and times them by the runtime's own clock and by the wall's. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeProfile } from '../../bundle/making.js';
import type { PlannedGraph } from '../../model/index.js';
import { InferenceSession, Tensor } from '../../runtime/index.js';
import { seededRandom } from '../../train/index.js';
import { rotated } from '../rounds.js';
import { median } from '../statistics.js';
import { noSource, vocabSize } from './toy.js';

/** The paper's longest sequence. */
export const SEQUENCE_TOKENS = 10;
const ID_SEED = 2;
const RECORD = 'runs';

/** Sequences at a time, and runs of that many in a round: enough for a median that a single interruption leaves alone. */
export const loads = { one: { sequences: 1, runs: 60 }, many: { sequences: 256, runs: 9 } } as const;
export type Load = keyof typeof loads;

/** Median milliseconds of every round. */
export interface Times {
  /** One sequence at a time, from the call to its result. */
  readonly one: readonly number[];
  /** 256 at a time by the runtime's own record: the way of 10 MB of scores into JavaScript's memory is not in it. */
  readonly many: readonly number[];
  /** 256 at a time, from the call to its result. */
  readonly manyCalled: readonly number[];
}

/** Opens a toy that was written by `writeProfile`. */
export function openToy(modelPath: string, profilePrefix?: string): Promise<InferenceSession> {
  return InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  });
}

/** Token ids [sequences, 10] out of the vocabulary, the same every time. */
export function randomIds(sequences: number): Tensor {
  const random = seededRandom(ID_SEED);
  const ids = BigInt64Array.from({ length: sequences * SEQUENCE_TOKENS }, () =>
    BigInt(Math.floor(random() * vocabSize)),
  );
  return new Tensor('int64', ids, [sequences, SEQUENCE_TOKENS]);
}

/** One thread, all sides in turns, another one first in every round; the first round warms up and is not counted. */
export async function timeToys<Side extends string>(
  graphs: ReadonlyMap<Side, PlannedGraph>,
  rounds: number,
  say: (line: string) => void,
): Promise<Map<Side, Times>> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-bench-paper-'));
  const sides = new Map<Side, TimedToy>();
  try {
    for (const [side, graph] of graphs) sides.set(side, await TimedToy.open(graph, join(folder, side)));
    for (let round = 0; round <= rounds; round++) {
      if (round > 0) say(`round ${round} of ${rounds}`);
      for (const [, toy] of rotated([...sides], round)) await toy.round();
    }
    const times = new Map<Side, Times>();
    for (const [side, toy] of sides) times.set(side, await toy.times());
    return times;
  } finally {
    for (const toy of sides.values()) await toy.release();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two sessions of one graph: the runtime's record costs more than a single sequence does. */
class TimedToy {
  private readonly one: number[] = [];
  private readonly manyCalled: number[] = [];

  private constructor(
    private readonly plain: InferenceSession,
    private readonly recorded: InferenceSession,
    private readonly folder: string,
  ) {}

  static async open(graph: PlannedGraph, folder: string): Promise<TimedToy> {
    const { modelPath } = await writeProfile(graph, noSource, folder);
    return new TimedToy(await openToy(modelPath), await openToy(modelPath, join(folder, RECORD)), folder);
  }

  async round(): Promise<void> {
    this.one.push(median(await timed(this.plain, 'one')));
    this.manyCalled.push(median(await timed(this.plain, 'many')));
    await timed(this.recorded, 'many');
  }

  /** Ends the runtime's record of its runs and reads it; the first round is left out. */
  async times(): Promise<Times> {
    this.recorded.endProfiling();
    const runs = await readRuns(this.folder);
    const many = this.one.map((_, round) => median(runs.slice(round * loads.many.runs, (round + 1) * loads.many.runs)));
    return { one: this.one.slice(1), many: many.slice(1), manyCalled: this.manyCalled.slice(1) };
  }

  async release(): Promise<void> {
    await this.plain.release();
    await this.recorded.release();
  }
}

/** Milliseconds of the runs of a round, from the call to the result. */
async function timed(session: InferenceSession, load: Load): Promise<number[]> {
  const ids = randomIds(loads[load].sequences);
  const taken: number[] = [];
  for (let run = 0; run < loads[load].runs; run++) {
    const started = performance.now();
    await session.run({ input_ids: ids });
    taken.push(performance.now() - started);
  }
  return taken;
}

/** Milliseconds of every run that the runtime recorded, in order. */
async function readRuns(folder: string): Promise<number[]> {
  const name = (await readdir(folder)).find((file) => file.startsWith(RECORD) && file.endsWith('.json'));
  const events = JSON.parse(await readFile(join(folder, name ?? RECORD), 'utf8')) as {
    name: string;
    dur: number;
  }[];
  return events.filter((event) => event.name === 'model_run').map((event) => event.dur / 1000);
}
