/** Random bytes through random options: nothing breaks, and no position ever runs ahead of what is done. */
import test from 'ava';
import fc from 'fast-check';
import { Intake, type IntakeOptions } from '../../agent/intake.js';
import type { TextRecord } from '../../agent/record.js';
import { entryOf } from '../../agent/sources/journal-entry.js';
import { parseSources } from '../../agent/sources/spec.js';
import { SnugError } from '../../src/errors/index.js';
import { HandSource } from './support/hand-source.js';
import { seedsOf } from './support/seeds.js';

const framing = fc.constantFrom<IntakeOptions['framing']>(
  undefined,
  { by: 'delimiter', delimiter: ';' },
  { by: 'length', prefixBytes: 1 },
  { by: 'octet-count' },
  { by: 'pattern', start: '^<' },
  { by: 'pattern', end: ';+' },
  { by: 'silence', silenceMs: 50 },
);
const options = fc.record<IntakeOptions>(
  {
    queue: fc.record({
      size: fc.integer({ min: 1, max: 5 }),
      policy: fc.constantFrom('block', 'drop-oldest', 'drop-newest', 'sample'),
      maxAgeMs: fc.constantFrom(undefined, 30),
    }),
    framing,
    encoding: fc.constantFrom('utf-8', 'latin-1', 'utf-16le', 'utf-16be'),
    recordLimitBytes: fc.integer({ min: 16, max: 64 }),
    join: fc.constantFrom(undefined, { continuation: '^ ', waitMs: 40, maxLines: 3 }, { start: '^a' }),
    pick: fc.constantFrom(
      undefined,
      { text: '/m', otherwise: 'keep' },
      { pattern: '(?P<text>\\w+)', ids: { first: 'text' } },
    ),
    include: fc.constantFrom(undefined, ['a|b', { field: '/m', pattern: '.' }]),
    exclude: fc.constantFrom(undefined, ['x']),
    sample: fc.constantFrom(undefined, 0.5),
    window: fc.constantFrom(undefined, 3),
  },
  { requiredKeys: ['queue'] },
);

const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        ';',
        '<',
        'abc\n',
        'b;\n',
        'a\nb\nc\n',
        ' at\n',
        '{"m":"x"}\n',
        '{"m":',
        '3 ab',
        'x\r\n',
        '\ufeff',
        '👋',
      ),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('bytes' as const), bytes }) },
  { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'settle' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
);

/** Not the test's own assertion: fast-check has to see it, to make the example smaller. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const placeOf = (position: unknown) => (position as { at: number }).at;

test('an intake under anything', (t) => {
  const property = fc.property(options, fc.array(step, { maxLength: 60, size: '+1' }), (given, steps) => {
    let nowMs = 0;
    let offset = 0;
    const timers = new Set<{ atMs: number; run: () => void }>();
    const taken: TextRecord[] = [];
    let last = 0;
    let held = false;
    /** Nothing may be told as done while a record before it waits or is being answered. */
    const done = (position: unknown) => {
      const place = placeOf(position);
      must(place <= offset && place >= last, `${place} after ${last} of ${offset}`);
      for (const record of taken) must(placeOf(record.position) > place, 'a record that is being answered');
      const waiting = intake.queue.oldest;
      if (waiting !== undefined) must(placeOf(waiting.position) > place, 'a record that waits');
      last = place;
    };
    const source = Object.assign(new HandSource('log'), { kept: done });
    const intake = new Intake(source, given, {
      changed: () => undefined,
      lost: () => undefined,
      back: () => undefined,
      missed: () => undefined,
      ended: () => undefined,
      position: ({ position }) => must(placeOf(position) === last, 'told apart'),
      now: () => nowMs,
      clock: () => 0,
      after: (ms, run) => {
        const timer = { atMs: nowMs + ms, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    });
    const take = () => {
      const record = intake.next();
      if (record !== undefined) {
        must(record.text.trim() !== '' && record.text.length <= 8192 + 64, 'a text is no longer than its limit');
        taken.push(record);
      }
      intake.refill();
      return record;
    };
    const settleOne = () => {
      const record = taken.shift();
      if (record !== undefined) intake.settle(record);
    };
    const pass = (ms: number) => {
      nowMs += ms;
      for (const timer of [...timers]) if (timer.atMs <= nowMs && timers.delete(timer)) timer.run();
    };
    for (const each of steps) {
      if (each.do === 'bytes' && !held) {
        const from = offset;
        offset += each.bytes.length;
        held = intake.bytes(each.bytes, (count) => ({ at: from + count })) !== undefined;
        if (held) while (take() !== undefined);
        held = false;
      } else if (each.do === 'flush') intake.flush();
      else if (each.do === 'take') for (let n = 0; n < each.count; n++) take();
      else if (each.do === 'settle') settleOne();
      else if (each.do === 'pass') pass(each.ms);
    }
    while (take() !== undefined);
    intake.flush();
    while (take() !== undefined);
    while (taken.length > 0) settleOne();
    intake.tellPosition({ now: true });
    must(last === offset, `in the end ${last} of ${offset} is done`);
  });
  for (const seed of seedsOf('intake')) fc.assert(property, { numRuns: 500, ...seed });
  t.pass();
});

test('a line of the journal that is anything', (t) => {
  const property = fc.property(fc.oneof(fc.json(), fc.string()), fc.boolean(), (text, wrapped) => {
    const entry = entryOf(Buffer.from(wrapped ? `{"__CURSOR":"c","MESSAGE":${text}}` : text));
    t.true(entry === undefined || typeof entry.cursor === 'string');
  });
  for (const seed of seedsOf('journal entry')) fc.assert(property, { numRuns: 500, ...seed });
});

test('a word of --source that is anything', async (t) => {
  const word = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('file:', 'tcp:', 'mqtt:', 'exec:', 'journal:', 'serial:/x'),
        fc.string(),
        fc.string(),
        fc.string(),
      )
      .map(([kind, rest, key, value]) => `${kind}${rest}?${key}=${value}`),
  );
  const property = fc.asyncProperty(word, async (spec) => {
    const failure = await parseSources([spec]).then(
      () => undefined,
      (error: unknown) => error,
    );
    t.true(failure === undefined || (failure instanceof SnugError && failure.code === 'USAGE'), String(failure));
  });
  for (const seed of seedsOf('source word')) await fc.assert(property, { numRuns: 300, ...seed });
});
