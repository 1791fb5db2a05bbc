/** What a full queue does, by policy. */
import test from 'ava';
import { type QueuePolicy, RecordQueue } from '../../agent/queue.js';
import type { TextRecord } from '../../agent/record.js';
import { randomSource } from './support/random.js';

const record = (seq: number): TextRecord => ({
  source: 's',
  seq,
  ts: '2026-01-01T00:00:00.000Z',
  framedAtMs: 0,
  text: `${seq}`,
});

function fill(policy: QueuePolicy, size: number, count: number): RecordQueue {
  const queue = new RecordQueue({ size, policy }, randomSource(1));
  for (let seq = 1; seq <= count; seq++) queue.offer(record(seq));
  return queue;
}

function takeAll(queue: RecordQueue): number[] {
  const taken: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.seq);
  return taken;
}

test('block: says that a record must wait, and drops none', (t) => {
  const queue = fill('block', 3, 3);
  t.true(queue.mustWait);
  t.throws(() => queue.offer(record(4)), { instanceOf: RangeError });
  queue.take();
  t.false(queue.mustWait);
  queue.offer(record(4));
  t.deepEqual(takeAll(queue), [2, 3, 4]);
  t.deepEqual(queue.drops, { oldest: 0, newest: 0, sampled: 0, stale: 0, overrun: 0 });
});

test('drop-oldest: the newest are kept', (t) => {
  const queue = fill('drop-oldest', 3, 10);
  t.is(queue.oldest?.seq, 8);
  t.deepEqual(takeAll(queue), [8, 9, 10]);
  t.deepEqual(queue.drops, { oldest: 7, newest: 0, sampled: 0, stale: 0, overrun: 0 });
});

test('drop-newest: the oldest are kept', (t) => {
  const queue = fill('drop-newest', 3, 10);
  t.deepEqual(takeAll(queue), [1, 2, 3]);
  t.deepEqual(queue.drops, { oldest: 0, newest: 7, sampled: 0, stale: 0, overrun: 0 });
});

test('sample: nothing is dropped up to half full, then the more the fuller, and never all', (t) => {
  t.is(fill('sample', 100, 50).drops.sampled, 0);
  const queue = fill('sample', 100, 400);
  t.true(queue.length > 80 && queue.length <= 100, `${queue.length}`);
  t.is(queue.drops.sampled, 400 - queue.length);
  t.deepEqual(queue.drops.oldest + queue.drops.newest, 0);
  const kept = takeAll(queue);
  t.deepEqual(
    kept,
    kept.toSorted((a, b) => a - b),
  );
  t.true((kept.at(-1) ?? 0) > 90, 'spread beyond what filled it');
});

test('order holds while it goes round', (t) => {
  const queue = new RecordQueue({ size: 5, policy: 'block' });
  const taken: (number | undefined)[] = [];
  for (let seq = 1; seq <= 23; seq++) {
    queue.offer(record(seq));
    if (seq % 2 === 0 || queue.mustWait) taken.push(queue.take()?.seq);
  }
  taken.push(...takeAll(queue));
  t.deepEqual(
    taken,
    Array.from({ length: 23 }, (_, i) => i + 1),
  );
});
