/** The uplink's parts that need no broker: back-off, session number, words for errors. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Backoff } from '../../../agent/uplink/backoff.js';
import { readCredentials, SessionCounter } from '../../../agent/uplink/index.js';
import { inPlainWords } from '../../../agent/uplink/plain-words.js';
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
