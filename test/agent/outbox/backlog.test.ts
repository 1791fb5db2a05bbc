/** What lies on disk: counted, read in order, and cut where it grows beyond its bounds. On a real store. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../agent/clock.js';
import { Backlog } from '../../../agent/outbox/backlog.js';
import { type EntryKey, keyOf, sealed } from '../../../agent/outbox/entry.js';
import { Store } from '../../../agent/outbox/store.js';
import { Writer } from '../../../agent/outbox/writer.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const DAY_MS = 86_400_000;
const nobody = () => false;

async function backlogOf(
  t: ExecutionContext,
  bounds: { maxBytes?: number; maxRecords?: number; maxAgeS?: number } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'snug-backlog-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const store = new Store(join(folder, 'outbox'));
  await store.open();
  const writer = new Writer({
    store,
    writeMs: 60_000,
    syncMs: 60_000,
    clock: systemClock,
    log: silent,
    onFailing: () => undefined,
    onWritten: (keys) => backlog.written(keys),
  });
  t.teardown(async () => {
    await writer.close();
    await store.close();
  });
  const time = { wallMs: 1_800_000_000_000, runMs: 0 };
  const cuts: string[] = [];
  const all = { maxBytes: 1e9, maxRecords: 1e9, maxAgeS: 1e9, ...bounds };
  const make = () =>
    new Backlog(store, writer, all, { now: () => time.wallMs, runMs: () => time.runMs }, (kind, cause, count) =>
      cuts.push(`${kind} ${cause} ${count}`),
    );
  const backlog = make();
  let number = 0;
  const add = (kind: EntryKey['kind'], count: number, bytes = 100) => {
    for (let i = 0; i < count; i++) {
      const records = kind === 'result' ? 1 : 0;
      const about = { kind, number: ++number, records, bytes, atS: backlog.stampS(number) };
      writer.put(keyOf(about), sealed({ source: 'a', predictions: [], number }));
      backlog.added(about);
    }
  };
  const numbers = async (kind: 'result' | 'telemetry') => {
    const found: number[] = [];
    for (let after = ''; ; ) {
      const entries = await backlog.read(kind, after, nobody);
      if (entries.length === 0) return found;
      found.push(...entries.map(({ about }) => about.number));
      after = entries[entries.length - 1].key;
    }
  };
  const pass = (ms: number) => {
    time.wallMs += ms;
    time.runMs += ms;
  };
  return { backlog, writer, make, add, numbers, cuts, time, pass };
}

test('entries are counted, read in order, and what is on its way is passed over', async (t) => {
  const { backlog, writer, make, add, numbers } = await backlogOf(t);
  add('result', 150);
  await writer.write();
  t.is((await numbers('result')).length, 150);
  t.deepEqual(
    (await backlog.read('result', '', (number) => number <= 100)).map(({ about }) => about.number)[0],
    101,
    'a whole page of them too',
  );
  const again = make();
  t.is(await again.count(), 150);
  t.deepEqual([again.records, again.bytes], [150, 15_000]);
});

test('beyond its bytes, telemetry goes before results, and the oldest first', async (t) => {
  const { backlog, writer, add, numbers, cuts } = await backlogOf(t, { maxBytes: 10_000 });
  add('result', 60);
  add('telemetry', 30);
  add('result', 30);
  await writer.write();
  await backlog.cut(nobody);
  await writer.write();
  t.is((await numbers('result')).length, 90, 'telemetry was enough');
  add('result', 60);
  await writer.write();
  await backlog.cut((number) => number === 1);
  await writer.write();
  const left = await numbers('result');
  t.is((await numbers('telemetry')).length, 0);
  t.is(left[0], 1, 'what is on its way stays');
  t.is(left[left.length - 1], 180);
  t.true(backlog.bytes <= 10_000);
  t.deepEqual(cuts, ['result bytes 52']);
});

test('beyond its records, the oldest go', async (t) => {
  const { backlog, writer, add, numbers, cuts } = await backlogOf(t, { maxRecords: 100 });
  add('result', 130);
  await writer.write();
  await backlog.cut(nobody);
  await writer.write();
  const left = await numbers('result');
  t.deepEqual([left[0], left[left.length - 1]], [33, 130]);
  t.deepEqual(cuts, ['result records 32']);
});

test('what waited too long goes; a clock that is set makes nothing old', async (t) => {
  const { backlog, writer, make, add, numbers, cuts, time, pass } = await backlogOf(t, { maxAgeS: 2 * 86_400 });
  time.wallMs = 0;
  add('result', 2);
  await writer.write();
  time.wallMs = 1_800_000_000_000;
  await make().cut(nobody);
  await writer.write();
  t.is(
    (await numbers('result')).length,
    2,
    'written before the clock was set, in a run before this one: who knows how old',
  );
  add('result', 3);
  await writer.write();
  await backlog.cut(nobody);
  time.wallMs += 20_000 * DAY_MS; // a board without a clock of its own has found the time
  await backlog.cut(nobody);
  await writer.write();
  t.is((await numbers('result')).length, 5);
  time.wallMs -= 5 * DAY_MS;
  await backlog.cut(nobody);
  t.is((await numbers('result')).length, 5);
  for (let day = 0; day < 3; day++) {
    pass(DAY_MS);
    await backlog.cut(nobody);
  }
  await writer.write();
  t.deepEqual([await numbers('result'), cuts], [[], ['result age 5']], 'the first two are as old as the others');
});

test('a clock that was stepped back and forth between two looks makes nothing old, and nothing young', async (t) => {
  const { backlog, writer, add, numbers, cuts, time, pass } = await backlogOf(t, { maxAgeS: 7 * 86_400 });
  add('result', 1);
  await backlog.cut(nobody);
  for (const stepMs of [-300 * DAY_MS, 300 * DAY_MS, 400 * DAY_MS, -800 * DAY_MS, 700 * DAY_MS, -50_000, -50_000]) {
    time.wallMs += stepMs;
    pass(1000);
    add('result', 1);
  }
  await writer.write();
  await backlog.cut(nobody);
  t.deepEqual([(await numbers('result')).length, cuts], [8, []]);
  pass(8 * DAY_MS);
  add('result', 1);
  await writer.write();
  time.wallMs += 2000 * DAY_MS;
  await backlog.cut(nobody);
  await writer.write();
  t.deepEqual([await numbers('result'), cuts], [[9], ['result age 8']]);
});

test('entries of a run before this one are no older than the lowest clock of this one makes them', async (t) => {
  const { backlog, writer, make, add, numbers, time, pass } = await backlogOf(t, { maxAgeS: 7 * 86_400 });
  add('result', 1);
  await writer.write();
  pass(DAY_MS);
  const next = make();
  t.is(await next.count(), 1);
  next.stampS(2);
  time.wallMs += 30 * DAY_MS;
  next.stampS(3);
  await next.cut(nobody);
  await writer.write();
  t.deepEqual(await numbers('result'), [1]);
  pass(7 * DAY_MS);
  await next.cut(nobody);
  await writer.write();
  t.deepEqual([await numbers('result'), backlog.records], [[], 1]);
});

test('what was delivered before it was written leaves nothing behind, and counts once', async (t) => {
  const { backlog, writer } = await backlogOf(t);
  for (let number = 1; number <= 5000; number++) {
    const about = { kind: 'result' as const, number, records: 1, bytes: 100, atS: backlog.stampS(number) };
    const key = keyOf(about);
    writer.put(key, () => sealed({ source: 'a', predictions: [], number }));
    backlog.added(about);
    backlog.remove(key, about);
    backlog.remove(key, about);
    if (number % 1000 === 0) await writer.write();
  }
  t.deepEqual([backlog.records, backlog.bytes], [0, 0]);
  t.true(backlog.remembered <= 1024, `${backlog.remembered} of 5000 are remembered`);
});
