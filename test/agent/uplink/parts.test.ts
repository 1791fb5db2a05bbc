/** The uplink's parts that need no broker: back-off, session number, queues, words for errors. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { PredictedRecord } from '../../../agent/record.js';
import { Backoff } from '../../../agent/uplink/backoff.js';
import { readCredentials, SessionCounter } from '../../../agent/uplink/index.js';
import { inPlainWords } from '../../../agent/uplink/plain-words.js';
import { ResultQueue } from '../../../agent/uplink/result-queue.js';
import type { SnugError } from '../../../src/errors/index.js';

test('back-off doubles from half a second to a minute, with jitter, and starts anew', (t) => {
  const longest = new Backoff(() => 0.9999999);
  const waits = Array.from({ length: 10 }, () => Math.round(longest.nextMs()));
  t.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  const shortest = new Backoff(() => 0);
  t.is(shortest.nextMs(), 250);
  shortest.reset();
  t.is(shortest.nextMs(), 250);
});

test('the session number rises over restarts, and over a damaged file too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-session-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const counter = () => new SessionCounter(folder, () => 1_700_000_000_000);
  const first = counter();
  t.is(await first.next(), 1);
  t.is(await first.next(), 2);
  t.is(await counter().next(), 3);
  t.is(JSON.parse(await readFile(join(folder, 'session.json'), 'utf8')).session, 3);
  await writeFile(join(folder, 'session.json'), '\u0000\u0000');
  t.is(await counter().next(), 1_700_000_001);
  t.is(await counter().next(), 1_700_000_002);
});

const record = (seq: number, source = 'a', text = 'text'): PredictedRecord => ({
  source,
  seq,
  ts: '2026-01-01T00:00:00.000Z',
  text,
  prediction: { label: 'x', score: 0.123456789 },
  framedAtMs: 0,
  latencyMs: 1.23456,
  profile: 'w1.00-p0.00-q8',
});
const numbers = (queue: ResultQueue) => queue.take()?.predictions.map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('results leave in order, a few to a message, sources in turn', (t) => {
  const queue = new ResultQueue(() => false);
  queue.add(range(1, 40).map((seq) => record(seq)));
  queue.add([record(1, 'b')]);
  t.deepEqual(numbers(queue), range(1, 32));
  t.deepEqual(queue.take()?.source, 'b');
  t.deepEqual(numbers(queue), range(33, 40));
  t.is(queue.take(), undefined);
  t.is(queue.records, 0);
});

test('what was not delivered goes before what waits, in its order', (t) => {
  const queue = new ResultQueue(() => false);
  queue.add(range(1, 100).map((seq) => record(seq)));
  const [one, two] = [queue.take(), queue.take()];
  if (!one || !two) return t.fail();
  queue.giveBack([one, two]);
  t.is(queue.records, 100);
  t.deepEqual([numbers(queue), numbers(queue), numbers(queue), numbers(queue)].flat(), range(1, 100));
});

test('a full queue drops its oldest and counts them', (t) => {
  const queue = new ResultQueue(() => false);
  for (let seq = 1; seq <= 10_250; seq += 50) queue.add(range(seq, seq + 49).map((each) => record(each)));
  t.is(queue.records, 10_000);
  t.is(queue.takeDropped(), 250);
  t.is(queue.takeDropped(), 0);
  t.is(numbers(queue)?.[0], 251);
});

test('texts count in bytes, in the queue and in a message', (t) => {
  const queue = new ResultQueue(() => true);
  const text = 'x'.repeat(20_000);
  queue.add(range(1, 400).map((seq) => record(seq, 'a', text)));
  t.true(queue.records * 40_000 <= 8 * 1024 * 1024);
  t.is(queue.takeDropped(), 400 - queue.records);
  t.is(numbers(queue)?.length, 1);
});

test('figures are rounded and the text is left out unless the source says so', (t) => {
  const prediction = (withText: boolean) => {
    const queue = new ResultQueue(() => withText);
    queue.add([record(1)]);
    return queue.take()?.predictions[0];
  };
  t.deepEqual(prediction(false), {
    seq: 1,
    ts: '2026-01-01T00:00:00.000Z',
    label: 'x',
    score: 0.123457,
    latencyMs: 1.235,
    profile: 'w1.00-p0.00-q8',
  });
  t.is(prediction(true)?.text, 'text');
});

test('errors of a connection come in plain words', (t) => {
  const said = (code: unknown) => inPlainWords('mqtt://b:1883', Object.assign(new Error('raw'), { code }));
  t.regex(said('ECONNREFUSED'), /^broker mqtt:\/\/b:1883: nothing listens there/);
  t.regex(said(134), /refused the user name or password/);
  t.regex(said(142), /another client with this device’s name/);
  t.regex(said('DEPTH_ZERO_SELF_SIGNED_CERT'), /set mqtt\.ca/);
  t.regex(said('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /our certificate/);
  t.regex(said(undefined), /raw/);
  t.regex(said(199), /reason code 199/);
});

test('a password file that is missing is named, with a remedy of its own', async (t) => {
  const passwordFile = join(tmpdir(), 'snug-no-such-password');
  const mqtt = { url: 'mqtt://127.0.0.1', keepaliveS: 30, connectTimeoutMs: 1000 };
  const error = await t.throwsAsync<SnugError>(readCredentials({ ...mqtt, passwordFile }), { code: 'BROKER_TLS' });
  t.regex(error.message, /mqtt\.passwordFile: .*snug-no-such-password/);
  t.regex(error.remedy, /holds the password/);
  const other = await t.throwsAsync<SnugError>(readCredentials({ ...mqtt, ca: passwordFile }), { code: 'BROKER_TLS' });
  t.regex(other.remedy, /PEM/);
});
