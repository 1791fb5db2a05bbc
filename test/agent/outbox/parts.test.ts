/** The outbox's parts, each by itself: keys, seals, the writer, places, parcels, dead letters. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../agent/clock.js';
import { DeadLetters } from '../../../agent/outbox/dead-letters.js';
import { keyOf, parseKey, rangeOf, sealed, unsealed } from '../../../agent/outbox/entry.js';
import { parcelOf } from '../../../agent/outbox/live.js';
import { Places } from '../../../agent/outbox/places.js';
import { type Change, Store } from '../../../agent/outbox/store.js';
import { Writer } from '../../../agent/outbox/writer.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-outbox-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a key says what the bounds need, and keys stand in the order of their numbers', (t) => {
  const about = { kind: 'result', number: 1234, records: 32, bytes: 2048, atS: 1_767_225_600 } as const;
  t.deepEqual(parseKey(keyOf(about)), about);
  const keys = [9, 10, 99_999, 100_000].map((number) => keyOf({ ...about, number }));
  t.deepEqual(keys.toSorted(), keys);
  const { gte, lt } = rangeOf('result');
  t.true(keys.every((key) => key >= gte && key < lt));
  t.is(parseKey('p:console'), undefined);
});

test('a value with a flipped bit is never taken for one', (t) => {
  const text = sealed({ source: 'a', predictions: [] });
  t.deepEqual(unsealed(text), { source: 'a', predictions: [] });
  t.is(unsealed(text.replace('"a"', '"b"')), undefined);
  t.is(unsealed(''), undefined);
});

function writerTo(write: (changes: readonly Change[], sync: boolean) => Promise<void>, more: object = {}) {
  const failings: string[] = [];
  const writer = new Writer({
    store: { write, reopen: async () => undefined },
    writeMs: 60_000,
    syncMs: 60_000,
    clock: { ...systemClock, random: () => 0 },
    log: silent,
    onFailing: (reason) => failings.push(reason),
    onWritten: () => undefined,
    ...more,
  });
  return { writer, failings };
}

test('changes are one batch, the newest of each key; what was put and taken back is never written', async (t) => {
  const batches: (readonly Change[])[] = [];
  const { writer } = writerTo(async (changes) => void batches.push(changes));
  writer.put('a', '1');
  writer.put('b', () => '2');
  writer.delete('a');
  writer.set('place', '3');
  writer.set('place', '4');
  t.true(await writer.write());
  t.deepEqual(batches, [
    [
      { type: 'put', key: 'b', value: '2' },
      { type: 'put', key: 'place', value: '4' },
    ],
  ]);
  writer.delete('b');
  await writer.close();
  t.deepEqual(batches[1], [{ type: 'del', key: 'b' }]);
});

test('a write that fails is told once and tried again with all its changes and those since', async (t) => {
  let full = true;
  const written: Change[] = [];
  const { writer, failings } = writerTo(async (changes) => {
    if (full) throw new Error('No space left on device');
    written.push(...changes);
  });
  writer.put('a', '1');
  t.false(await writer.write());
  writer.put('b', '2');
  t.false(await writer.write());
  t.is(writer.unwritten, 2);
  full = false;
  while (writer.failing !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  t.deepEqual(
    written.map(({ key }) => key),
    ['a', 'b'],
  );
  t.is(failings.length, 1);
  await writer.close();
});

test('writes are synced no more often than asked for, and the last one always', async (t) => {
  const syncs: boolean[] = [];
  const { writer } = writerTo(async (_, sync) => void syncs.push(sync));
  for (const key of ['a', 'b', 'c']) {
    writer.put(key, '1');
    await writer.write();
  }
  await writer.close();
  t.deepEqual(syncs, [true, false, false, true]);
});

async function placesOf(t: ExecutionContext, folder: string, boot: string, ends: 'clean' | 'killed' = 'clean') {
  const store = new Store(folder);
  const opening = await store.open();
  const { writer } = writerTo((changes, sync) => store.write(changes, sync));
  const places = new Places(writer, `${folder}.json`, () => 1_800_000_000_000);
  const how = await places.open(store, opening, boot);
  const end = async () => {
    if (ends === 'clean') places.closing();
    await writer.close();
    await places.copy();
    await store.close();
  };
  t.teardown(end);
  return { places, how, end };
}

test('places go on over a kill; after a power cut, numbers that cannot be had again are leapt over', async (t) => {
  const folder = await folderFor(t);
  const first = await placesOf(t, folder, 'boot-1', 'killed');
  t.is(first.places.readUpTo('log', true), undefined);
  first.places.set('log', { seq: 7, position: { offset: 100 } });
  first.places.set('port', { seq: 9 });
  const event = first.places.nextEvent();
  await first.end();

  const second = await placesOf(t, folder, 'boot-1', 'killed');
  t.is(second.how, 'fine', 'the same boot: what was written is there');
  t.deepEqual(second.places.readUpTo('port', false), { seq: 9, unsure: true });
  t.is(second.places.nextEvent(), event + 1);
  await second.end();

  const third = await placesOf(t, folder, 'boot-2');
  t.is(third.how, 'power-lost');
  t.deepEqual(third.places.readUpTo('log', true), { seq: 7, position: { offset: 100 }, unsure: true });
  t.is(third.places.readUpTo('port', false)?.seq, 1_000_009);
  await third.end();

  const fourth = await placesOf(t, folder, 'boot-3');
  t.is(fourth.how, 'fine', 'the one before ended in order');
  await fourth.end();
});

test('a store that is damaged beyond repair is put aside; places come from their copy, other numbers leap', async (t) => {
  const folder = join(await folderFor(t), 'outbox');
  const first = await placesOf(t, folder, 'boot-1');
  first.places.counter = 5;
  first.places.set('log', { seq: 7, position: { offset: 100 } });
  first.places.set('port', { seq: 9 });
  await first.end();
  for (const name of await readdir(folder)) if (name !== 'LOCK') await writeFile(join(folder, name), 'no database');
  const second = await placesOf(t, folder, 'boot-1');
  t.is(second.how, 'damaged');
  t.deepEqual(second.places.readUpTo('log', true), { seq: 7, position: { offset: 100 }, unsure: true });
  t.is(second.places.readUpTo('port', false)?.seq, 1_800_000_000_000);
  t.is(second.places.readUpTo('new', false)?.seq, 1_800_000_000_000);
  t.is(second.places.counter, 5);
});

test('a log of the store that lost its end without a word is noticed by the copy', async (t) => {
  const folder = join(await folderFor(t), 'outbox');
  const first = await placesOf(t, folder, 'boot-1');
  first.places.counter = 5;
  first.places.set('port', { seq: 9 });
  await first.end();
  for (const name of await readdir(folder)) if (name.endsWith('.log')) await truncate(join(folder, name), 10);
  t.is((await placesOf(t, folder, 'boot-1')).how, 'damaged');
});

test('two agents never use one outbox', async (t) => {
  const folder = join(await folderFor(t), 'outbox');
  const store = new Store(folder);
  await store.open();
  t.teardown(() => store.close());
  t.is((await stat(folder)).mode & 0o777, 0o700);
  await t.throwsAsync(new Store(folder).open(), { code: 'STATE_IN_USE', message: /another agent/ });
});

test('entries share a message up to its bounds; counts go by themselves', (t) => {
  const entry = (number: number, records: number, bytes: number, counts?: object) =>
    ({
      key: String(number),
      about: { kind: 'result', number, records, bytes, atS: 0 },
      source: 'a',
      predictions: [],
      counts,
    }) as unknown as Parameters<typeof parcelOf>[0][number];
  t.is(parcelOf([entry(1, 20, 10), entry(2, 12, 10), entry(3, 1, 10)]).entries.length, 2);
  t.is(parcelOf([entry(1, 1, 100_000), entry(2, 1, 100_000)]).entries.length, 1);
  t.is(parcelOf([entry(1, 500, 900_000)]).entries.length, 1, 'one always goes');
  t.is(parcelOf([entry(1, 1, 10, {}), entry(2, 1, 10)]).entries.length, 1);
  t.is(parcelOf([entry(1, 1, 10), entry(2, 1, 10, {})]).entries.length, 1);
});

test('dead letters are kept with their reason, few, small, and not in a flood', async (t) => {
  const folder = join(await folderFor(t), 'dead-letters');
  const letters = new DeadLetters(folder, systemClock, silent);
  for (let seq = 1; seq <= 100; seq++)
    letters.add({ what: 'record', source: 'a', seq, reason: 'poison', content: 'x'.repeat(seq === 1 ? 200_000 : 10) });
  await letters.settled();
  t.deepEqual(letters.counts, { added: 100, notKept: 70 });
  const names = await readdir(folder);
  t.is(names.length, 30);
  for (const name of names) t.is((await stat(join(folder, name))).mode & 0o777, 0o600);
  const listed = (await letters.list(5)) as { seq: number; reason: string }[];
  t.deepEqual(
    listed.map(({ seq }) => seq),
    [30, 29, 28, 27, 26],
  );
  t.is(listed[0].reason, 'poison');
  const largest = Math.max(...(await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))));
  t.true(largest < 100_000, 'a letter that is too long is cut');
});

test('the oldest dead letters go first', async (t) => {
  const folder = join(await folderFor(t), 'dead-letters');
  await mkdir(folder);
  for (let i = 0; i < 250; i++) await writeFile(join(folder, `2020-01-01T00-${String(i).padStart(4, '0')}.json`), '{}');
  const letters = new DeadLetters(folder, systemClock, silent);
  letters.add({ what: 'record', source: 'a', reason: 'poison', content: '' });
  await letters.settled();
  const names = (await readdir(folder)).sort();
  t.is(names.length, 200);
  t.is(JSON.parse(await readFile(join(folder, names[199]), 'utf8')).reason, 'poison');
});
