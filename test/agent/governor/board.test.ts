/** A captured tree of a board, from its files to the governor's step. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fixedChoice, pressureOf, usualBoard } from '../../../agent/governor/board.js';
import { killCounts } from '../../../agent/governor/kill-counts.js';
import { Sampler } from '../../../agent/governor/signals.js';
import { pressureReader } from '../../../src/profile/index.js';
import { temporaryFolder } from '../support/brokers.js';
import { LOOK_MS, MB, names, Walk } from './support/walk.js';

const [full, q8] = names;
const zone = 'sys/class/thermal/thermal_zone0';
const stalled = (share: string) =>
  `some avg10=${share} avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`;

const rest: Readonly<Record<string, string>> = {
  'proc/self/cgroup': '0::/board\n',
  'proc/meminfo': 'MemTotal: 946544 kB\nMemFree: 500000 kB\nMemAvailable: 700000 kB\n',
  'proc/vmstat': 'nr_free_pages 1\noom_kill 7\n',
  'proc/sys/kernel/random/boot_id': '0f4c1b5e-0000-4000-8000-000000000001\n',
  'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
  'sys/fs/cgroup/board/memory.max': '268435456\n',
  'sys/fs/cgroup/board/memory.current': '150000000\n',
  'sys/fs/cgroup/board/memory.stat': 'anon 50000000\ninactive_file 60000000\nactive_file 40000000\n',
  'sys/fs/cgroup/board/memory.events': 'low 0\nhigh 2\nmax 3\noom 0\noom_kill 1\n',
  'sys/fs/cgroup/board/memory.pressure': stalled('0.00'),
  'sys/fs/cgroup/board/cpu.max': 'max 100000\n',
  'sys/fs/cgroup/board/cpu.stat': 'usage_usec 1\nnr_periods 10\nnr_throttled 2\nthrottled_usec 5\n',
  [`${zone}/type`]: 'cpu-thermal\n',
  [`${zone}/temp`]: '50000\n',
};

async function tree(t: ExecutionContext) {
  const root = await temporaryFolder(t);
  const set = async (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  await set(rest);
  return { root, set };
}

/** Walks through time with what the tree says. */
async function walking(t: ExecutionContext) {
  const { root, set } = await tree(t);
  const read = pressureReader(root);
  const walk = new Walk({ start: full });
  const sampler = new Sampler({
    readPressure: () => pressureOf(read()),
    stream: () => ({ queueDelayMs: 0, waiting: 0, arrived: 0, answered: 0, busyMs: 0, p95Ms: 0, p95Count: 0 }),
    majorFaults: () => 0,
    targetMs: null,
    board: { ramBytes: 946544 * 1024 },
    nowMs: () => walk.atMs,
  });
  return { walk, set, pass: (ms: number) => walk.for(ms, () => sampler.take(false).signals) };
}

test('the tree’s files are the readings', async (t) => {
  const { root } = await tree(t);
  t.like(pressureOf(pressureReader(root)()), {
    memoryStallShare: 0,
    availableBytes: 700000 * 1024,
    memoryLimitBytes: 256 * MB,
    memoryUsedBytes: 50_000_000,
    atLimitCount: 5,
    oomCount: 0,
    oomKillCount: 1,
    temperatureC: 50,
    cpuPeriods: 10,
    cpuThrottledPeriods: 2,
  });
  t.deepEqual(killCounts(1, root), { bootId: '0f4c1b5e-0000-4000-8000-000000000001', group: 1, board: 7 });
});

test('a tree without anything is a board of which nothing is known', async (t) => {
  const root = await temporaryFolder(t);
  const { throttled, stallsAreOwn, ...rest } = pressureOf(pressureReader(root)());
  t.false(stallsAreOwn);
  t.true(Object.values(rest).every((value) => value === null));
  t.true(throttled === null);
  t.deepEqual(killCounts(null, root), { bootId: null, group: null, board: null });
});

test('ten quiet minutes, heat to 95 °C and back: down within two seconds, up again once', async (t) => {
  const { walk, set, pass } = await walking(t);
  pass(600_000);
  t.deepEqual(walk.events, []);
  await set({ [`${zone}/temp`]: '95000\n' });
  const hotAtMs = walk.atMs;
  pass(20_000);
  t.like(walk.moves, [{ direction: 'down', to: q8, cause: 'heat', figures: { temperatureC: 95 } }]);
  t.true(walk.moves[0].atMs - hotAtMs <= 2000);
  await set({ [`${zone}/temp`]: '55000\n' });
  pass(600_000);
  t.deepEqual(
    walk.moves.map(({ to }) => to),
    [q8, full],
  );
});

test('files that turn to nonsense change nothing', async (t) => {
  const { walk, set, pass } = await walking(t);
  for (const nonsense of ['', 'x', '-1', '99999999999999999999', '\0\0']) {
    await set(Object.fromEntries(Object.keys(rest).map((path) => [path, nonsense])));
    pass(5000);
    await set(rest);
    pass(5000);
  }
  t.deepEqual(walk.events, []);
});

test('memory stalls of the group, and a limit that comes down onto what is used, press', async (t) => {
  const stalls = await walking(t);
  await stalls.set({ 'sys/fs/cgroup/board/memory.pressure': stalled('35.00') });
  stalls.pass(2 * LOOK_MS);
  t.like(stalls.walk.events, [{ kind: 'give-back', sign: { figures: { memoryStallShare: 0.35 } } }]);
  const limit = await walking(t);
  await limit.set({ 'sys/fs/cgroup/board/memory.max': '50500000\n' });
  limit.pass(LOOK_MS);
  t.like(limit.walk.moves, [{ direction: 'down', cause: 'memory' }], 'it is about to kill: one look');
});

test('without a choice by limits the usual profile is taken, and the ladder below it is there for short memory', (t) => {
  const ladder = names.map((profile, i) => ({ profile, accuracy: 0.9 - i / 100, weightBytes: 1000 - i }));
  const board = usualBoard({ ladder });
  const { chosen, candidates } = board.choose(board.readLimits(), { textsPerSecond: 0 });
  t.is(chosen.profile, q8);
  t.true(candidates.every(({ fits }) => fits));
  t.is(fixedChoice(ladder.slice(0, 1), full, 'only one').candidates.length, 1);
});
