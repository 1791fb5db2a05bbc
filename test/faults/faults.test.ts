/**
 * Faults of the field, a few times each, on the real agent with the demo's bundle: every record that was written to the followed
 * file arrives, once repeats are taken away, in order, and nothing needs a hand. `npm run bench soak` does the same for long.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ControlGroup } from '../../src/bench/control-group.js';
import { Board, type BoardOptions } from '../../src/bench/field/board.js';
import { type Fault, faults, suffer } from '../../src/bench/field/faults.js';
import { SmallDisk } from '../../src/bench/field/small-disk.js';
import { fullDisk, shortOfMemory, stepClock } from '../../src/bench/field/surroundings.js';
import { hasMosquitto } from '../agent/support/mosquitto-tools.js';
import { randomSource } from '../agent/support/random.js';

const program = [process.execPath, '--import=tsx', resolve('src/cli/main.ts')] as const;
const texts = ['what is my balance', 'is it going to rain', 'set a timer for ten minutes', 'tell me a joke'];
const TIMES: Record<string, number> = { 'kill-agent': 3, 'hang-link': 1, 'step-clock': 4 };

async function boardFor(t: ExecutionContext, more: Partial<BoardOptions> = {}): Promise<Board> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-faults-'));
  const board = await Board.make({
    folder,
    program: [...program],
    bundle: resolve('examples/clinc150/bundle'),
    profile: 'w1.00-p0.00-q8',
    texts,
    ...more,
  });
  t.teardown(async () => {
    await board.end();
    await rm(folder, { recursive: true, force: true });
  });
  board.start();
  await board.online();
  return board;
}

async function survives(t: ExecutionContext, fault: Fault, more?: Partial<BoardOptions>): Promise<Board> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const board = await boardFor(t, more);
  const outcome = await suffer(board, fault, TIMES[fault.name] ?? 2, randomSource(seed));
  t.log(`${outcome.records} records, ${outcome.doubled} doubled`);
  t.true(outcome.records > 20);
  t.deepEqual([outcome.lost, outcome.wrong], [0, 0], board.said);
  return board;
}

for (const fault of faults)
  test.serial(`${fault.name}: ${fault.what}: nothing lost, order kept`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    await survives(t, fault);
  });

test.serial(`${fullDisk.name}: ${fullDisk.what}: nothing lost, order kept`, async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const disk = await SmallDisk.mount();
  if (!disk) {
    t.log('NOT TESTED: a small disk can be mounted by root alone');
    return t.pass();
  }
  t.teardown(() => disk.remove());
  await survives(t, fullDisk, { stateDir: join(disk.folder, 'state') });
});

test.serial(
  'step-clock: the time of day stepped both ways: nothing lost, nor too old, durations stay durations',
  async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const folder = await mkdtemp(join(tmpdir(), 'snug-clock-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'offset-ms');
    const [node, ...rest] = program;
    const clock = `--import=${resolve('src/bench/field/stepping-clock.ts')}`;
    const board = await survives(t, stepClock(file), {
      program: [node, rest[0], clock, ...rest.slice(1)],
      env: { SNUG_CLOCK_FILE: file },
      config: { telemetry: { intervalMs: 1000 } },
    });
    const uptimes = board.consumer.uptimesMs;
    t.true(uptimes.length > 2);
    t.deepEqual(
      uptimes.filter((uptimeMs) => uptimeMs < 0 || uptimeMs > 600_000),
      [],
    );
  },
);

test.serial('memory-limit: a limit below what the agent has: nothing lost, order kept', async (t) => {
  const problem = ControlGroup.problem();
  if (problem !== undefined) t.log(`NOT TESTED: ${problem}`);
  if (problem !== undefined || !hasMosquitto(t)) return t.pass();
  const group = ControlGroup.make({ beside: true });
  t.teardown(() => group.remove());
  await survives(t, shortOfMemory(group), { group });
});
