/** Random messages: whatever comes is understood or refused, and what is written can be read. */
import test from 'ava';
import fc from 'fast-check';
import { SnugError } from '../../src/errors/index.js';
import { decode, encode, type MessageKind, messages, parseTopic, topics } from '../../src/protocol/index.js';
import { seedsOf } from '../agent/support/seeds.js';

const kinds = Object.keys(messages) as MessageKind[];
const ts = '2026-01-01T00:00:00.000Z';

/** JSON that has some of what messages have. */
const near = fc.record(
  {
    v: fc.oneof(fc.constant(1), fc.jsonValue()),
    ts: fc.oneof(fc.constant(ts), fc.jsonValue()),
    status: fc.oneof(fc.constantFrom('init', 'executing', 'successful', 'failed'), fc.jsonValue()),
    state: fc.oneof(fc.constantFrom('online', 'offline'), fc.jsonValue()),
    session: fc.oneof(fc.integer(), fc.jsonValue()),
    kind: fc.jsonValue(),
    message: fc.jsonValue(),
    code: fc.jsonValue(),
    reason: fc.jsonValue(),
    predictions: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    expiresAt: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

function check<T>(name: string, arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): void {
  for (const seed of seedsOf(name)) fc.assert(fc.property(arbitrary, holds), { numRuns: 300, ...seed });
}

test('bytes and JSON of any kind are understood or refused by name', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    near.map((value) => Buffer.from(JSON.stringify(value))),
  );
  check('protocol: decode', fc.tuple(fc.constantFrom(...kinds), bytes), ([kind, payload]) => {
    try {
      const message = decode(kind, payload);
      t.deepEqual(JSON.parse(encode(kind, message)), JSON.parse(Buffer.from(payload).toString('utf8')));
    } catch (error) {
      if (!(error instanceof SnugError && error.code === 'MESSAGE_INVALID')) throw error;
    }
  });
  t.pass();
});

test('topics of any kind are ours, whole, or none of ours', (t) => {
  const level = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('snug', 'v1', 'cmd', 'result', 'status', 'd'));
  check('protocol: topics', fc.array(level, { maxLength: 7 }), (levels) => {
    const topic = levels.join('/');
    const parsed = parseTopic(topic);
    if (parsed?.kind === 'command') t.is(topics(parsed.device).command(parsed.operation, parsed.id), topic);
    if (parsed?.kind === 'result') t.is(topics(parsed.device).result(parsed.source), topic);
  });
  t.pass();
});
