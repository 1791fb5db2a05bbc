/**
 * Faults for long: each fault many times, with every record accounted for, and then a soak at saturation with faults, which says
 * what memory and handles do. `SNUG_SOAK_KILLS` (500) and `SNUG_SOAK_MINUTES` (30) make it shorter.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../errors/index.js';
import { fieldTexts } from '../agent/index.js';
import { handlesOf } from '../agent/process-figures.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { ControlGroup } from '../control-group.js';
import { Board, type BoardOptions, programOf } from '../field/board.js';
import { type Fault, faults, suffer } from '../field/faults.js';
import { SmallDisk } from '../field/small-disk.js';
import { fullDisk, shortOfMemory, stepClock } from '../field/surroundings.js';
import { memoryOfTree } from '../process-memory.js';
import { type BenchRow, type RowShape, unmeasured, valueRow } from '../row.js';

/** Faults that are done as often as asked for; the others a tenth as often. */
const OFTEN = ['kill-agent', 'kill-broker'];
/** That meet the same fault at once. */
const BOARDS = 4;
/** After a start the heap grows to its size: what memory does is looked at from here on. */
const SETTLE_MINUTES = 5;
const LOOK_MS = 5000;
const FAULT_EVERY_MS = 30_000;
const SATURATING_PER_SECOND = 2000;
/** Records that may be under way: enough that the agent never waits for any. */
const AHEAD = 5000;

export const soakBenchmark: Benchmark = {
  name: 'soak',
  summary: 'faults of the field, many times, and half an hour at saturation with faults',
  async run(options) {
    const kills = Number(process.env.SNUG_SOAK_KILLS ?? 500);
    const minutes = Number(process.env.SNUG_SOAK_MINUTES ?? 30);
    const texts = await fieldTexts(options);
    const rows: BenchRow[] = [];
    const seldom = Math.ceil(kills / 10);
    for (const fault of faults)
      rows.push(await faultRow(options, texts, fault, OFTEN.includes(fault.name) ? kills : seldom));
    for (const row of [clockRow, memoryRow, diskRow]) rows.push(await row(options, texts, seldom));
    rows.push(...(await soakRows(options, texts, minutes)));
    return rows;
  },
};

async function faultRow(
  options: BenchOptions,
  texts: readonly string[],
  fault: Fault,
  times: number,
  surroundings: Partial<BoardOptions> = {},
): Promise<BenchRow> {
  const shape: RowShape = { id: fault.name, what: `lost: ${fault.what}`, unit: 'records', bar: '=0' };
  let done = 0;
  const onDone = () => ++done % 25 === 0 && options.say(`${fault.name}: ${done} of ${times}`);
  // Boards in one control group, or on one small disk, would suffer from each other's turns.
  const count = surroundings.group || surroundings.stateDir ? 1 : Math.min(BOARDS, times);
  const share = (at: number) => Math.floor(times / count) + (at < times % count ? 1 : 0);
  try {
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, at) =>
        withBoard(options, texts, (board) => suffer(board, fault, share(at), Math.random, { onDone }), surroundings),
      ),
    );
    const sum = (what: 'records' | 'lost' | 'doubled' | 'wrong') =>
      outcomes.reduce((total, outcome) => total + outcome[what], 0);
    const note = `${times} times, ${sum('records')} records, ${sum('doubled')} came again under their number, ${sum('wrong')} out of order or misnumbered`;
    return valueRow(shape, sum('lost') + sum('wrong'), note);
  } catch (error) {
    return unmeasured(shape, messageOf(error));
  }
}

async function clockRow(options: BenchOptions, texts: readonly string[], times: number): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-clock-'));
  const file = join(folder, 'offset-ms');
  const [node, ...rest] = programOf(options.packageRoot);
  const clock = `--import=${join(options.packageRoot, 'dist/src/bench/field/stepping-clock.js')}`;
  const surroundings = { program: [node, clock, ...rest], env: { SNUG_CLOCK_FILE: file } } as const;
  try {
    return await faultRow(options, texts, stepClock(file), times, surroundings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function memoryRow(options: BenchOptions, texts: readonly string[], times: number): Promise<BenchRow> {
  const problem = ControlGroup.problem();
  if (problem !== undefined)
    return unmeasured({ id: 'memory-limit', what: 'lost: a limit of memory', unit: 'records' }, problem);
  const group = ControlGroup.make({ beside: true });
  try {
    return await faultRow(options, texts, shortOfMemory(group), times, { group });
  } finally {
    await group.remove();
  }
}

async function diskRow(options: BenchOptions, texts: readonly string[], times: number): Promise<BenchRow> {
  const disk = await SmallDisk.mount();
  if (!disk)
    return unmeasured(
      { id: fullDisk.name, what: `lost: ${fullDisk.what}`, unit: 'records' },
      'a small disk can be mounted by root alone',
    );
  try {
    return await faultRow(options, texts, fullDisk, times, { stateDir: join(disk.folder, 'state') });
  } finally {
    await disk.remove();
  }
}

/** At saturation, with the link cut and the broker killed now and then: what memory and handles do. */
async function soakRows(options: BenchOptions, texts: readonly string[], minutes: number): Promise<BenchRow[]> {
  const shapes: Record<'memory' | 'handles' | 'lost', RowShape> = {
    memory: { id: 'soak-anon-growth', what: `anonymous memory, grown over ${minutes} minutes`, unit: 'MB', bar: '<=2' },
    handles: { id: 'soak-handles-growth', what: 'open files and sockets, grown', unit: 'handles', bar: '<=0' },
    lost: { id: 'soak-lost', what: 'lost over the soak', unit: 'records', bar: '=0' },
  };
  try {
    return await withBoard(options, texts, async (board) => {
      const calm = faults.filter(({ name }) => ['kill-broker', 'cut-link', 'hang-link', 'slow-link'].includes(name));
      const memory: number[] = [];
      const handles: number[] = [];
      const endMs = performance.now() + minutes * 60_000;
      const settledMs = performance.now() + Math.min(SETTLE_MINUTES, minutes / 3) * 60_000;
      board.feed(SATURATING_PER_SECOND, AHEAD);
      const looking = (async () => {
        while (performance.now() < endMs) {
          await pause(LOOK_MS);
          if (performance.now() < settledMs) continue;
          memory.push(memoryOfTree(board.pid).anonBytes / 1e6);
          handles.push(handlesOf(board.pid));
        }
      })();
      for (let turn = 0; performance.now() < endMs; turn++) {
        await pause(Math.min(FAULT_EVERY_MS, Math.max(0, endMs - performance.now())));
        await calm[turn % calm.length].once(board, Math.random);
        options.say(`soak: ${Math.round((endMs - performance.now()) / 1000)} s left`);
      }
      await looking;
      await board.quiet();
      const { records, lost, wrong, doubled } = await board.account(600_000);
      const note = `${records} records, ${doubled} came again`;
      return [
        valueRow(shapes.memory, growthOf(memory), `medians of the first and the last quarter, ${memory.length} looks`),
        valueRow(shapes.handles, growthOf(handles)),
        valueRow(shapes.lost, lost + wrong, note),
      ];
    });
  } catch (error) {
    return Object.values(shapes).map((shape) => unmeasured(shape, messageOf(error)));
  }
}

/** The median of the last quarter less that of the first. */
function growthOf(sample: readonly number[]): number {
  const quarter = Math.max(1, Math.floor(sample.length / 4));
  const median = (part: readonly number[]) => part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)];
  return median(sample.slice(-quarter)) - median(sample.slice(0, quarter));
}

async function withBoard<T>(
  options: BenchOptions,
  texts: readonly string[],
  use: (board: Board) => Promise<T>,
  surroundings: Partial<BoardOptions> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'snug-soak-'));
  const board = await Board.make({
    folder,
    program: programOf(options.packageRoot),
    bundle: join(options.packageRoot, 'examples/clinc150/bundle'),
    profile: 'w1.00-p0.00-q8',
    texts,
    ...surroundings,
  });
  try {
    board.start();
    await board.online();
    return await use(board);
  } finally {
    await board.end();
    await rm(folder, { recursive: true, force: true });
  }
}
