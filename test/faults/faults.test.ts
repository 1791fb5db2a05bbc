/**
 * Faults of the field, a few times each, on the real agent with the demo's bundle: every record that was written to the followed
 * file arrives, once repeats are taken away, in order, and nothing needs a hand. `npm run bench soak` does the same for long.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Board } from '../../src/bench/field/board.js';
import { faults, fullDisk, suffer } from '../../src/bench/field/faults.js';
import { hasMosquitto } from '../agent/support/mosquitto-tools.js';
import { randomSource } from '../agent/support/random.js';

const program = [process.execPath, '--import=tsx', resolve('src/cli/main.ts')] as const;
const texts = ['what is my balance', 'is it going to rain', 'set a timer for ten minutes', 'tell me a joke'];
const TIMES: Record<string, number> = { 'kill-agent': 3, 'hang-link': 1 };

async function boardFor(t: ExecutionContext, stateDir?: string): Promise<Board> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-faults-'));
  const board = await Board.make({
    folder,
    program: [...program],
    bundle: resolve('examples/clinc150/bundle'),
    profile: 'w1.00-p0.00-q8',
    texts,
    ...(stateDir !== undefined && { stateDir }),
  });
  t.teardown(async () => {
    await board.end();
    await rm(folder, { recursive: true, force: true });
  });
  board.start();
  await board.online();
  return board;
}

for (const fault of faults)
  test.serial(`${fault.name}: ${fault.what}: nothing lost, order kept`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.log(`seed ${seed}`);
    const board = await boardFor(t);
    const outcome = await suffer(board, fault, TIMES[fault.name] ?? 2, randomSource(seed));
    t.log(`${outcome.records} records, ${outcome.doubled} doubled`);
    t.true(outcome.records > 20);
    t.deepEqual([outcome.lost, outcome.wrong], [0, 0], board.said);
  });

test.serial(`${fullDisk.name}: ${fullDisk.what}: nothing lost, order kept`, async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const disk = await mkdtemp(join(tmpdir(), 'snug-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status === 0;
  t.teardown(async () => {
    if (mounted) spawnSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true, force: true });
  });
  if (!mounted) {
    t.log('NOT TESTED: a small disk can be mounted by root alone');
    return t.pass();
  }
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const board = await boardFor(t, join(disk, 'state'));
  const outcome = await suffer(board, fullDisk, 3, randomSource(seed));
  t.log(`${outcome.records} records, ${outcome.doubled} doubled`);
  t.deepEqual([outcome.lost, outcome.wrong], [0, 0], board.said);
});
