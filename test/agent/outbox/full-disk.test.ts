/** A disk that takes nothing: what was read counts as kept only once the disk or the broker has it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../agent/clock.js';
import { DeadLetters, Outbox } from '../../../agent/outbox/index.js';
import { Store } from '../../../agent/outbox/store.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const result = (seq: number) => ({
  source: 'http',
  early: false,
  upTo: { seq },
  predictions: [
    { seq, ts: '2026-01-01T00:00:00.000Z', label: 'x', score: 0.5, latencyMs: 1, profile: 'w1.00-p0.00-q8' },
  ],
});

/** An outbox whose disk is full until it is said to have room. */
async function outboxOf(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), 'snug-full-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const disk = { full: false };
  class SmallDisk extends Store {
    override async write(...args: Parameters<Store['write']>): Promise<void> {
      if (disk.full) throw new Error('No space left on device');
      await super.write(...args);
    }
  }
  const outbox = new Outbox({
    folder: join(folder, 'outbox'),
    bounds: { maxBytes: 1e9, maxRecords: 1e9, maxAgeS: 1e9 },
    writeMs: 10,
    syncMs: 1000,
    replayPerSecond: 1000,
    deadLetters: new DeadLetters(join(folder, 'dead-letters'), systemClock, silent),
    clock: { ...systemClock, random: () => 0 },
    log: silent,
    storeOf: (path) => new SmallDisk(path),
  });
  await outbox.open();
  t.teardown(() => outbox.close());
  const kept: number[] = [];
  const add = (seq: number) => void Promise.resolve(outbox.add([result(seq)])).then(() => kept.push(seq));
  return { outbox, disk, kept, add };
}

const aWhile = () => new Promise((resolve) => setTimeout(resolve, 100));

test('kept when the disk has it, when the broker has it, and not before', async (t) => {
  const { outbox, disk, kept, add } = await outboxOf(t);
  add(1);
  await aWhile();
  t.deepEqual(kept, [1]);
  disk.full = true;
  add(2);
  await aWhile();
  t.deepEqual(kept, [1], 'neither has it');
  t.true(outbox.holds);
  const published: number[] = [];
  outbox.carry({
    session: 1,
    mostBytes: () => Number.POSITIVE_INFINITY,
    publish: async (kind, _source, payload) => {
      if (kind === 'result') published.push(...JSON.parse(payload).predictions.map(({ seq }: { seq: number }) => seq));
    },
  });
  while (kept.length < 2) await aWhile();
  t.true(published.includes(2), 'the broker has it');
  outbox.rest();
  add(3);
  await aWhile();
  t.deepEqual(kept, [1, 2]);
  disk.full = false;
  while (kept.length < 3) await aWhile();
  t.deepEqual(kept, [1, 2, 3], 'the disk has it');
  t.false(outbox.holds);
});
