/** The agent as a whole: how fast, how soon, how much memory, processor, disk, and room it takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../errors/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { Board, programOf, SOURCE } from '../field/board.js';
import { memoryOfTree } from '../process-memory.js';
import { type BenchRow, type RowShape, unmeasured, valueRow } from '../row.js';
import { percentile } from '../statistics.js';
import { exampleTexts, readClinc150, uniqueTexts } from '../texts.js';
import { installedBytes } from './installed-size.js';
import { cpuSecondsOf, writtenBytesOf } from './process-figures.js';
import { drip, flood } from './sockets.js';

const WARM_UP_S = 4;
const SATURATED_S = 10;
const DRIPPED = 400;
const DRIPPED_PER_SECOND = 20;
const IDLE_S = 30;
const IDLE_PER_SECOND = 10;
const MANY_RECORDS = 10_000;
const WORN_RECORDS = 2000;
const WORN_PER_SECOND = 50;

export const agentBenchmark: Benchmark = {
  name: 'agent',
  summary: 'the agent with the demo’s bundle: rates, latency, memory, processor, wear, size',
  async run(options) {
    const texts = await fieldTexts(options);
    const rows: BenchRow[] = [];
    for (const count of [1, 4, 16]) rows.push(...(await sourceRows(options, texts, count)));
    rows.push(...(await steadyRows(options, texts)));
    rows.push(await measured(unreadShape, () => wearUnread(options, texts)));
    rows.push(await measured(installedShape, async () => (await installedBytes(options.packageRoot)) / 1e6));
    return rows;
  },
};

/** Unique texts of the demo's kind. @throws BENCH_DATA */
export async function fieldTexts({ dataFolder, packageRoot }: BenchOptions): Promise<string[]> {
  if (dataFolder === undefined) return await exampleTexts(join(packageRoot, 'examples'));
  return uniqueTexts(readClinc150(dataFolder));
}

const unreadShape: RowShape = {
  id: 'wear-unread',
  what: 'written to disk for a thousand results, online, of a source that can’t be read again',
  unit: 'kB',
};

/** Every record of a Unix socket is written before it is published. */
async function wearUnread(options: BenchOptions, texts: readonly string[]): Promise<number> {
  return await withBoard(options, texts, 1, async (board, sockets) => {
    const lines = Array.from({ length: WORN_RECORDS }, (_, i) => `${texts[i % texts.length]} worn ${i}`);
    const before = writtenBytesOf(board.pid);
    await drip(sockets, lines, WORN_PER_SECOND, () => undefined);
    return (writtenBytesOf(board.pid) - before) / lines.length;
  });
}

const installedShape: RowShape = {
  id: 'installed-size',
  what: 'product and dependencies (npm ci --omit=dev --omit=optional) for this platform, Node left out',
  unit: 'MB',
  bar: '<=90',
};

/** Records a second at saturation, and the time from byte to published result at a quiet rate, over so many sources. */
async function sourceRows(options: BenchOptions, texts: readonly string[], count: number): Promise<BenchRow[]> {
  const shapes: RowShape[] = [
    { id: `rate-${count}`, what: `published at saturation, ${count} sources`, unit: 'records/s' },
    {
      id: `p50-${count}`,
      what: `byte to published result, ${count} sources, ${DRIPPED_PER_SECOND} records/s`,
      unit: 'ms',
    },
    {
      id: `p99-${count}`,
      what: `byte to published result, ${count} sources, ${DRIPPED_PER_SECOND} records/s`,
      unit: 'ms',
    },
  ];
  options.say(`${count} sources`);
  try {
    return await withBoard(options, texts, count, async (board, sockets) => {
      const sentAtMs = new Map<string, number>();
      const tookMs: number[] = [];
      let published = 0;
      board.consumer.onResult = (_source, predictions) => {
        const nowMs = performance.now();
        published += predictions.length;
        for (const { text = '' } of predictions) {
          const at = sentAtMs.get(text);
          if (at !== undefined) tookMs.push(nowMs - at);
        }
      };
      const lines = Array.from({ length: DRIPPED }, (_, i) => `${texts[i % texts.length]} quiet ${i}`);
      await drip(sockets, lines, DRIPPED_PER_SECOND, (line) => sentAtMs.set(line, performance.now()));
      let number = 0;
      let going = true;
      const flooding = flood(
        sockets,
        () => `${texts[number % texts.length]} fast ${number++}`,
        () => going,
      );
      await pause(WARM_UP_S * 1000);
      const before = { records: published, atMs: performance.now() };
      await pause(SATURATED_S * 1000);
      const rate = ((published - before.records) * 1000) / (performance.now() - before.atMs);
      going = false;
      await flooding;
      return [
        valueRow(shapes[0], rate),
        valueRow(shapes[1], percentile(tookMs, 0.5)),
        valueRow(shapes[2], percentile(tookMs, 0.99)),
      ];
    });
  } catch (error) {
    return shapes.map((shape) => unmeasured(shape, messageOf(error)));
  }
}

/** What an agent takes that runs on: at ten records a second, and after ten thousand. */
async function steadyRows(options: BenchOptions, texts: readonly string[]): Promise<BenchRow[]> {
  const shapes: Record<'idle' | 'anon' | 'rss' | 'wear', RowShape> = {
    idle: { id: 'idle-cpu', what: `cores used at ${IDLE_PER_SECOND} records a second`, unit: 'cores', bar: '<=0.03' },
    wear: { id: 'wear', what: 'written to disk for a thousand results, online', unit: 'kB' },
    anon: {
      id: 'anon-rss',
      what: `anonymous memory of all processes after ${MANY_RECORDS} records`,
      unit: 'MB',
      bar: '<=70',
    },
    rss: { id: 'rss', what: `memory of all processes after ${MANY_RECORDS} records`, unit: 'MB' },
  };
  options.say('a quiet stream, then ten thousand records');
  try {
    return await withBoard(options, texts, 0, async (board) => {
      await board.say(50);
      await board.consumer.until(SOURCE, 50, 60_000);
      await pause(2000);
      const cpu = { seconds: cpuSecondsOf(board.pid), atMs: performance.now() };
      board.feed(IDLE_PER_SECOND);
      await pause(IDLE_S * 1000);
      await board.quiet();
      const cores = ((cpuSecondsOf(board.pid) - cpu.seconds) * 1000) / (performance.now() - cpu.atMs);
      const before = { bytes: writtenBytesOf(board.pid), records: board.sent.length };
      board.feed(WORN_PER_SECOND);
      await pause((WORN_RECORDS * 1000) / WORN_PER_SECOND);
      await board.quiet();
      await board.consumer.until(SOURCE, board.sent.length, 60_000);
      const wornKb = (writtenBytesOf(board.pid) - before.bytes) / (board.sent.length - before.records);
      while (board.sent.length < MANY_RECORDS) await board.say(Math.min(500, MANY_RECORDS - board.sent.length));
      await board.consumer.until(SOURCE, MANY_RECORDS, 300_000);
      await pause(2000);
      const memory = memoryOfTree(board.pid);
      return [
        valueRow(shapes.idle, cores),
        valueRow(shapes.anon, memory.anonBytes / 1e6),
        valueRow(shapes.rss, memory.rssBytes / 1e6),
        valueRow(shapes.wear, wornKb, 'bytes that the kernel counts as written, over the followed file’s records'),
      ];
    });
  } catch (error) {
    return Object.values(shapes).map((shape) => unmeasured(shape, messageOf(error)));
  }
}

/** A board with so many Unix sockets as sources beside the followed file; none: the file alone. */
async function withBoard<T>(
  { packageRoot }: BenchOptions,
  texts: readonly string[],
  sockets: number,
  use: (board: Board, sockets: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-bench-agent-'));
  const paths = Array.from({ length: sockets }, (_, i) => join(folder, `in-${i}.sock`));
  const sources = Object.fromEntries(
    paths.map((path, i) => [`in-${i}`, { kind: 'unix', path, publish: { text: true }, queue: { policy: 'block' } }]),
  );
  const board = await Board.make({
    folder,
    program: programOf(packageRoot),
    bundle: join(packageRoot, 'examples/clinc150/bundle'),
    texts,
    ...(sockets > 0 && { config: { sources } }),
  });
  try {
    board.start();
    await board.online();
    return await use(board, paths);
  } finally {
    await board.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(shape: RowShape, measure: () => Promise<number>): Promise<BenchRow> {
  try {
    return valueRow(shape, await measure());
  } catch (error) {
    return unmeasured(shape, messageOf(error));
  }
}
