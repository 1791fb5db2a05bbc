import test from 'ava';
import { argumentsJsonSchema, decode, encode, encodeResult, messages } from '../../src/protocol/index.js';
import { z } from '../../src/protocol/zod.js';

const ts = '2026-01-02T03:04:05.678Z';
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

test('a message is written and read back; unknown fields are kept', (t) => {
  const status = { v: 1 as const, ts, state: 'online' as const, session: 7, colour: 'blue' };
  t.deepEqual(decode('status', bytes(encode('status', status))), status);
});

test('what breaks the contract is refused, and the places are named', (t) => {
  const cases: [unknown, RegExp][] = [
    ['{"v":1', /not JSON/],
    [[], /object/],
    [{ ts, state: 'online', session: 1 }, /v:/],
    [{ v: 2, ts, state: 'online', session: 1 }, /v:/],
    [{ v: 1, ts: 'yesterday', state: 'online', session: 1 }, /ts:/],
    [{ v: 1, ts: '2026-01-02T03:04:05+01:00', state: 'online', session: 1 }, /ts:/],
    [{ v: 1, ts, state: 'asleep', session: 0 }, /state:.*session:/],
  ];
  for (const [value, words] of cases) t.throws(() => decode('status', bytes(value)), { message: words });
  t.throws(() => decode('status', Buffer.from([0x22, 0xff, 0x22])), { message: /UTF-8/ });
  t.throws(() => decode('status', Buffer.alloc(300_000, 32)), { message: /300000 bytes/ });
  t.throws(() => encode('status', { v: 1, ts, state: 'online', session: -1 }), { message: /session:/ });
});

test('a result message keeps the contract although it is not checked when written', (t) => {
  const prediction = { seq: 1, ts, label: 'a', score: 0.5, latencyMs: 1.25, profile: 'w1.00-p0.00-q8', replaced: 2 };
  const message = decode('result', bytes(encodeResult(ts, 3, { predictions: [prediction] })));
  t.deepEqual(message, { v: 1, ts, session: 3, predictions: [prediction] });
  const counts = { from: ts, to: ts, records: 2, labels: { a: 2 } };
  const later = decode('result', bytes(encodeResult(ts, 3, { predictions: [], counts, historical: true })));
  t.deepEqual(later, { v: 1, ts, session: 3, predictions: [], counts, historical: true });
});

test('a command has four states, each with what it needs', (t) => {
  const accepts = (value: object) => messages.command.safeParse({ v: 1, ts, ...value }).success;
  t.true(accepts({ status: 'init', anything: 1 }));
  t.true(accepts({ status: 'init', expiresAt: ts }));
  t.false(accepts({ status: 'init', expiresAt: 'soon' }));
  t.true(accepts({ status: 'executing', progress: 0.5 }));
  t.true(accepts({ status: 'successful', result: {} }));
  t.true(accepts({ status: 'failed', code: 'expired', reason: 'too late' }));
  t.false(accepts({ status: 'failed' }));
  t.false(accepts({ status: 'lost' }));
});

test('arguments are published as JSON Schema', (t) => {
  const schema = argumentsJsonSchema(z.looseObject({ count: z.int().min(1).default(10) }));
  t.is(schema.type, 'object');
  t.is((schema.properties as { count: { minimum: number } }).count.minimum, 1);
  t.is(schema.required, undefined, 'what has a default may be left out');
});
