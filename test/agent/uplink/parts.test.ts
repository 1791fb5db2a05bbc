/** The uplink's parts that need no broker: back-off, session number, words for errors. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Backoff } from '../../../agent/uplink/backoff.js';
import { readCredentials, SessionCounter } from '../../../agent/uplink/index.js';
import { OwnStatus } from '../../../agent/uplink/own-status.js';
import { inPlainWords } from '../../../agent/uplink/plain-words.js';
import { Trouble } from '../../../agent/uplink/trouble.js';
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

test('errors of a connection come in plain words', (t) => {
  const said = (code: unknown) => inPlainWords('mqtt://b:1883', Object.assign(new Error('raw'), { code }), 'pump-07');
  t.regex(said('ECONNREFUSED'), /^broker mqtt:\/\/b:1883: nothing listens there/);
  t.regex(said(134), /refused the user name or password/);
  t.regex(said(142), /another agent connects as pump-07/);
  t.regex(said('DEPTH_ZERO_SELF_SIGNED_CERT'), /set mqtt\.ca/);
  t.regex(said('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /our certificate/);
  t.regex(said(undefined), /raw/);
  t.regex(said(199), /reason code 199/);
});

test('troubles are said once a change; that another agent has this name, once in ten minutes', (t) => {
  let nowMs = 0;
  const lines: string[] = [];
  const log = { warn: (line: string) => void lines.push(line) };
  const trouble = new Trouble({ url: 'mqtt://b:1883', device: 'pump-07', clock: { runMs: () => nowMs }, log });
  const said = () => lines.splice(0).map((line) => line.replace(/^broker mqtt:\/\/b:1883:? |[,;].*$/g, ''));
  const refused = Object.assign(new Error('raw'), { code: 'ECONNREFUSED' });
  trouble.tell(refused);
  trouble.tell(refused);
  trouble.over();
  trouble.tell(undefined);
  t.deepEqual(said(), ['nothing listens there [ECONNREFUSED]', 'the connection was closed']);
  for (nowMs = 0; nowMs < 1_150_000; nowMs += 60_000) {
    trouble.over();
    trouble.tell(nowMs === 0 ? { code: 142 } : undefined); // once the broker says so, another does not
  }
  t.deepEqual(said(), ['another agent connects as pump-07', 'another agent connects as pump-07']);
  nowMs += 600_000;
  trouble.tell(undefined);
  t.deepEqual(said(), ['the connection was closed'], 'the other one is gone');
});

test('a status is this process’s own, or of one before it, or another’s', (t) => {
  const status = (session: number, ts: string, state: 'online' | 'offline' = 'offline') =>
    ({ v: 1, ts, state, session }) as const;
  const own = new OwnStatus(Date.parse('2026-11-24T10:00:00.000Z'));
  const read = (value: unknown) => own.read(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  own.remember(status(7, '2026-11-24T10:00:01.000Z'));
  t.deepEqual(read(status(7, '2026-11-24T10:00:01.000Z')), { state: 'offline', author: 'self' });
  t.deepEqual(read(status(6, '2026-11-24T09:00:00.000Z')), { state: 'offline', author: 'earlier' });
  t.deepEqual(read(status(3, '2026-11-24T10:00:02.000Z', 'online')), { state: 'online', author: 'another' });
  for (const broken of ['', '{', '[]', '{"state":"online"}', 'x'.repeat(5000)])
    t.deepEqual(read(broken), { author: 'broken' });
  own.remember(status(8, '2026-11-24T10:00:02.000Z'));
  own.remember(status(8, '2026-11-24T10:00:02.500Z', 'online'));
  for (let i = 0; i < 100; i++) own.remember(status(8 + i, '2026-11-24T10:00:03.000Z'));
  t.is(read(status(107, '2026-11-24T10:00:03.000Z')).author, 'self');
  t.is(read(status(7, '2026-11-24T10:00:01.000Z')).author, 'another', 'long ago, and forgotten');
  t.is(read(status(8, '2026-11-24T10:00:02.000Z')).author, 'self', 'the will of when it was online last');
  t.is(read(status(8, '2026-11-24T10:00:02.500Z', 'online')).author, 'self');
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
