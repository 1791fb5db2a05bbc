/** One source's way into the pipeline: streams framed apart, positions that never run ahead, what is left out, silence. */
import test from 'ava';
import { Intake, type IntakeOptions } from '../../agent/intake.js';
import type { TextRecord } from '../../agent/record.js';
import type { ReadPosition, ReadUpTo } from '../../agent/sources/source.js';
import { HandSource } from './support/hand-source.js';

class Acknowledged extends HandSource {
  readonly keptUpTo: ReadPosition[] = [];
  kept(position: ReadPosition): void {
    this.keptUpTo.push(position);
  }
}

/** An intake whose time stands still until it is moved. */
function intake(options: Partial<IntakeOptions> = {}) {
  const source = new Acknowledged('log');
  const positions: ReadUpTo[] = [];
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  let nowMs = 0;
  const made = new Intake(
    source,
    { queue: { size: 4, policy: 'block' }, ...options },
    {
      changed: () => undefined,
      lost: () => undefined,
      back: () => undefined,
      missed: () => undefined,
      ended: () => undefined,
      position: (readUpTo) => positions.push(readUpTo),
      now: () => nowMs,
      clock: () => 0,
      after: (ms, run) => {
        const timer = { atMs: nowMs + ms, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  );
  let offset = 0;
  const take = (): TextRecord | undefined => {
    const record = made.next();
    made.refill();
    return record;
  };
  return {
    source,
    intake: made,
    positions,
    say(text: string) {
      const from = offset;
      offset += Buffer.byteLength(text);
      return made.bytes(Buffer.from(text), (count) => ({ at: from + count }));
    },
    pass(ms: number) {
      nowMs += ms;
      for (const timer of [...timers]) if (timer.atMs <= nowMs && timers.delete(timer)) timer.run();
    },
    take,
    takeAll(): string[] {
      const texts: string[] = [];
      for (let record = take(); record !== undefined; record = take()) texts.push(record.text);
      return texts;
    },
  };
}

const at = (place: number) => ({ at: place });

test('a record carries the position behind itself; numbers go on from the last run', (t) => {
  const { say, take } = intake({ resume: { seq: 41 } });
  void say('one\r\ntwo\nthr');
  const [one, two] = [take(), take()];
  t.deepEqual([one?.seq, one?.position], [42, at(4)]);
  t.deepEqual([two?.seq, two?.position], [43, at(9)]);
});

test('the source is told up to where all is kept, and never further', (t) => {
  const { say, take, intake: made, source } = intake();
  void say('one\ntwo\n\n');
  const [one, two] = [take(), take()];
  t.deepEqual(source.keptUpTo, []);
  if (one) made.settle(one);
  t.deepEqual(source.keptUpTo, [at(4)]);
  void say('three\n');
  const three = take();
  if (two) made.settle(two);
  t.deepEqual(source.keptUpTo, [at(4), at(8)]);
  if (three) made.settle(three);
  t.deepEqual(source.keptUpTo.at(-1), at(15));
});

test('what is filtered out counts as done once nothing before it waits', (t) => {
  const { say, take, intake: made, source, positions } = intake({ exclude: ['noise'] });
  void say('noise\n');
  t.deepEqual(source.keptUpTo, [at(6)]);
  t.deepEqual(positions, [{ seq: 0, position: at(6) }]);
  void say('one\nnoise\n');
  t.deepEqual(source.keptUpTo, [at(6)], 'one waits');
  const one = take();
  if (one) made.settle(one);
  t.deepEqual(source.keptUpTo, [at(6), at(16)]);
  t.deepEqual(made.leftOut, { filtered: 2, unreadable: 0, unsampled: 0 });
});

test('a position that moves without records is told once a second, and at the end', (t) => {
  const { say, pass, intake: made, positions } = intake({ exclude: ['noise'] });
  for (let n = 0; n < 5; n++) void say('noise\n');
  t.is(positions.length, 1);
  pass(1000);
  void say('noise\n');
  t.deepEqual(positions.at(-1), { seq: 0, position: at(36) });
  void say('noise\n');
  made.tellPosition({ now: true });
  t.deepEqual(positions.at(-1), { seq: 0, position: at(42) });
  t.is(positions.length, 3);
});

test('what the queue drops is done when what is kept around it is', (t) => {
  for (const policy of ['drop-newest', 'drop-oldest'] as const) {
    const { say, take, intake: made, source } = intake({ queue: { size: 1, policy } });
    void say('one\ntwo\nthree\n');
    const kept = take();
    t.is(kept?.text, policy === 'drop-newest' ? 'one' : 'three');
    t.is(take(), undefined);
    if (kept) made.settle(kept);
    t.deepEqual(source.keptUpTo, [at(14)], policy);
  }
});

test('half a record never counts as read', (t) => {
  const { say, take, intake: made, positions } = intake();
  made.at(at(0));
  void say('one\nha');
  const one = take();
  if (one) made.settle(one);
  made.tellPosition({ now: true });
  t.deepEqual(positions, [{ seq: 0, position: at(0) }], 'the record itself has told the rest');
  void say('lf\n');
  t.deepEqual(take()?.position, at(9));
});

test('joined lines wait for the next line, or for silence; their position is the last line’s', (t) => {
  const { say, pass, take, positions } = intake({ join: { continuation: '^ ', waitMs: 500 } });
  void say('Error: stuck\n  at pump\n');
  t.is(take(), undefined);
  t.deepEqual(positions, []);
  pass(499);
  void say('  at main\n');
  pass(499);
  t.is(take(), undefined);
  pass(1);
  const record = take();
  t.is(record?.text, 'Error: stuck\n  at pump\n  at main');
  t.deepEqual(record?.position, at(33));
});

test('silence ends a record where it is framed so', (t) => {
  const { say, pass, takeAll } = intake({ framing: { by: 'silence', silenceMs: 50 } });
  void say('T=20');
  pass(49);
  void say(' C\n');
  pass(49);
  t.deepEqual(takeAll(), []);
  pass(1);
  t.deepEqual(takeAll(), ['T=20 C\n']);
});

test('streams of one source are framed apart and take turns for the queue', async (t) => {
  const { intake: made, takeAll } = intake({ queue: { size: 1, policy: 'block' } });
  const [one, two] = [made.open({ remote: 'one' }), made.open({ remote: 'two' })];
  const waits = [one.bytes(Buffer.from('1\n1\n1\n')), two.bytes(Buffer.from('2\n2\n2\n'))];
  t.true(waits.every((each) => each !== undefined));
  const order = takeAll();
  await Promise.all(waits);
  t.deepEqual([...order].sort(), ['1', '1', '1', '2', '2', '2']);
  t.false(order.join('').startsWith('111'), order.join(''));
  void one.bytes(Buffer.from('torn'));
  one.close();
  t.deepEqual(takeAll(), ['torn']);
});

test('a message for which there is no room and that can’t wait is counted', (t) => {
  const { intake: made, takeAll } = intake({ queue: { size: 1, policy: 'block' } });
  for (const body of ['one', 'two', 'three', 'four']) void made.message({ body });
  t.deepEqual(takeAll(), ['one', 'two']);
  t.is(made.queue.drops.newest, 2);
});

test('discarded, it holds nothing and lets its source go on', async (t) => {
  const { say, intake: made, positions } = intake({ queue: { size: 1, policy: 'block' } });
  const waits = say('one\ntwo\n');
  made.discard();
  await waits;
  made.tellPosition({ now: true });
  t.deepEqual(positions, []);
  t.is(made.queue.length, 0);
});

test('a source that gives records of several kinds keeps their identifiers', (t) => {
  const { intake: made, take } = intake({ pick: { text: '/m', ids: { from: 'topic', id: '/id' } } });
  void made.message({ body: '{"m":"hello","id":7}', fields: { topic: 'a' } });
  void made.message({ body: 'no json', fields: { topic: 'a' } });
  t.deepEqual(take()?.ids, { from: 'a', id: '7' });
  t.is(made.leftOut.unreadable, 1);
});

test('sampling keeps its share, the same records when they are read again, and their numbers', (t) => {
  const run = () => {
    const { say, take, intake: made } = intake({ sample: 0.1, queue: { size: 5000, policy: 'block' } });
    void say(Array.from({ length: 5000 }, (_, n) => `${n + 1}\n`).join(''));
    const seqs: number[] = [];
    for (let record = take(); record !== undefined; record = take()) {
      seqs.push(record.seq);
      t.is(record.text, String(record.seq));
    }
    t.is(made.leftOut.unsampled, 5000 - seqs.length);
    return seqs;
  };
  const seqs = run();
  t.true(seqs.length > 420 && seqs.length < 580, `${seqs.length} of 5000`);
  t.deepEqual(run(), seqs);
});

test('what has waited for too long is dropped, counted, and done', (t) => {
  const {
    say,
    pass,
    take,
    intake: made,
    source,
  } = intake({ queue: { size: 10, policy: 'drop-oldest', maxAgeMs: 1000 } });
  void say('one\ntwo\n');
  const one = take();
  pass(1001);
  t.is(take(), undefined);
  t.is(made.queue.drops.stale, 1);
  t.deepEqual(source.keptUpTo, [], 'one is being answered');
  if (one) made.settle(one);
  t.deepEqual(source.keptUpTo, [at(8)]);
  void say('three\n');
  pass(1001);
  t.is(take(), undefined);
  t.deepEqual(source.keptUpTo.at(-1), at(14));
  void say('four\n');
  pass(1000);
  t.is(take()?.text, 'four');
});

test('where a killed run may have numbered what is gone, those numbers are left to it', (t) => {
  const { intake: sure, say: saySure, take: takeSure } = intake({ resume: { seq: 7, position: { at: 0 } } });
  sure.missed('a file');
  void saySure('a\n');
  t.is(takeSure()?.seq, 8, 'a run that ended in order has told all its numbers');
  const { intake: unsure, say, take } = intake({ resume: { seq: 7, position: { at: 0 }, unsure: true } });
  unsure.missed('a file');
  void say('a\n');
  const first = take()?.seq ?? 0;
  t.true(first > 1_000_000);
  unsure.missed('more');
  void say('b\n');
  t.is(take()?.seq, first + 1, 'once is enough');
});

test('a flush that has no room yet ends its own record, not that of the next chunk', async (t) => {
  const { say, intake: made, take } = intake({ queue: { size: 1, policy: 'block' } });
  void say('one\ntorn');
  made.flush();
  const full = say('whole\n');
  t.is(take()?.text, 'one');
  t.is(take()?.text, 'torn');
  t.is(take()?.text, 'whole');
  await full;
});
