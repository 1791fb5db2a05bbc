/** What others see of an agent's health, and what is counted over starts: systemd's socket, the endpoint, the files. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Endpoint, Notify, Progress, Starts } from '../../../agent/life/index.js';
import { type Figures, metricsText } from '../../../agent/life/metrics.js';
import type { SnugError } from '../../../src/errors/index.js';

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-life-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const hasSocat = spawnSync('socat', ['-V']).status === 0;

/** Systemd's end of the notify socket: what it hears, one by one. */
async function listener(t: ExecutionContext) {
  const socket = join(await folderFor(t), 'notify');
  const heard: string[] = [];
  let wake = () => {};
  const socat = spawn('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'ignore'] });
  // Datagrams come one behind the other.
  socat.stdout.on('data', (bytes: Buffer) => {
    const said = bytes.toString().split(/(?=(?:READY|STATUS|WATCHDOG|STOPPING)=)|\n/);
    heard.push(...said.filter((each) => each !== ''));
    wake();
  });
  t.teardown(() => socat.kill());
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
  const until = async (holds: () => boolean) => {
    while (!holds())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  return { socket, heard, until };
}

test('systemd hears that the agent is ready, is alive while it gets on, and that it ends', async (t) => {
  if (!hasSocat) return t.pass('socat is not here');
  const { socket, heard, until } = await listener(t);
  let trouble: string | undefined;
  const errors: string[] = [];
  const log = { warn: () => undefined, error: (message: string) => errors.push(message) };
  const notify = new Notify({ socket, watchdogMs: 60, trouble: () => trouble, log });
  await notify.ready();
  await until(() => heard.filter((each) => each === 'WATCHDOG=1').length >= 2);
  t.deepEqual(heard.slice(0, 2), ['READY=1', 'STATUS=running']);
  trouble = 'stuck';
  await until(() => heard.includes('STATUS=stuck')); // what was said before it has been heard by then
  const alive = heard.filter((each) => each === 'WATCHDOG=1').length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(
    heard.filter((each) => each === 'WATCHDOG=1').length,
    alive,
    'an agent that does not get on is not called alive',
  );
  t.deepEqual(errors, ['the agent does not get on: stuck']);
  trouble = undefined;
  await until(() => heard.filter((each) => each === 'WATCHDOG=1').length > alive);
  notify.stopping();
  await until(() => heard.at(-1) === 'STOPPING=1');
});

test('a socket that is not there is said once, and the agent runs on', async (t) => {
  const warnings: string[] = [];
  const log = { warn: (message: string) => warnings.push(message), error: () => undefined };
  const notify = new Notify({ socket: '/nowhere/notify', watchdogMs: undefined, trouble: () => undefined, log });
  await t.notThrowsAsync(notify.ready());
  notify.stopping();
  t.is(warnings.length, 1);
});

test('getting on: the loop comes by, and records move where any wait', async (t) => {
  let nowMs = 0;
  let probe: () => void = () => undefined;
  const stream = { waiting: 0, answered: 0 };
  let held = false;
  const progress = new Progress({
    probe: () => new Promise((resolve) => (probe = resolve)),
    stream: () => stream,
    held: () => held,
    nowMs: () => nowMs,
  });
  const comeBy = async () => {
    probe();
    await new Promise((resolve) => setImmediate(resolve));
  };
  t.is(progress.trouble(), undefined);
  await comeBy();
  nowMs = 3_600_000;
  t.is(progress.trouble(), undefined, 'nothing to do is no trouble');
  nowMs += 61_000;
  t.regex(progress.trouble() ?? '', /has not come by for 61 s/);
  await comeBy();
  t.is(progress.trouble(), undefined);
  await comeBy();
  stream.waiting = 5;
  for (const answered of [1, 2]) {
    stream.answered = answered;
    nowMs += 40_000;
    t.is(progress.trouble(), undefined, 'slow, but it moves');
    await comeBy();
  }
  nowMs += 61_000;
  t.regex(progress.trouble() ?? '', /5 records wait and none was answered/);
  await comeBy();
  held = true;
  t.is(progress.trouble(), undefined, 'held back by the broker or the disk is not stuck');
});

const figures: Figures = {
  stats: {
    sources: [
      {
        source: 'console',
        kind: 'serial',
        state: 'open',
        records: 12,
        queued: 1,
        drops: { oldest: 2, newest: 0, sampled: 0 },
        cut: 0,
        replaced: 3,
        leftOut: { unreadable: 0, filtered: 5, unsampled: 0 },
      } as Figures['stats']['sources'][number],
    ],
    predicted: 9,
    truncated: 0,
    refused: 1,
    failed: 0,
    batches: 3,
    latencyMs: { count: 9, p50: 1, p95: 2, p99: 3, max: 3 },
    totalMs: { count: 9, p50: 1, p95: 2, p99: 3, max: 3 },
  },
  outbox: { records: 4, bytes: 400, events: 0 },
  outboxDropped: { 'outbox-age': 7 },
  deadLetters: 0,
  withheld: { rules: 1, rate: 0 },
  online: true,
  profile: 'w1.00-p0.00-q8',
  healthy: true,
};

function get(options: object): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let body = '';
      response
        .on('data', (data) => (body += data))
        .on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });
}

test('health and metrics on loopback', async (t) => {
  let trouble: string | undefined;
  const endpoint = new Endpoint({ listen: '127.0.0.1:0', figures: () => figures, trouble: () => trouble });
  await endpoint.start();
  t.teardown(() => endpoint.stop());
  const at = (path: string, more = {}) => get({ host: '127.0.0.1', port: endpoint.port, path, ...more });
  t.deepEqual(await at('/healthz'), { status: 200, body: '{"healthy":true}\n' });
  trouble = 'stuck';
  t.deepEqual(await at('/healthz'), { status: 503, body: '{"healthy":false,"reason":"stuck"}\n' });
  const { status, body } = await at('/metrics');
  t.is(status, 200);
  for (const line of [
    'snug_records_total 9',
    'snug_online 1',
    'snug_source_dropped_total{source="console",cause="oldest"} 2',
    'snug_source_left_out_total{source="console",cause="filtered"} 5',
    'snug_source_replaced_total{source="console"} 3',
    'snug_outbox_dropped_total{cause="outbox-age"} 7',
    'snug_total_seconds{quantile="0.99"} 0.003',
    'snug_profile_info{profile="w1.00-p0.00-q8"} 1',
  ])
    t.true(body.split('\n').includes(line), `${line} in\n${body}`);
  t.is((await at('/metrics')).status, 200, 'a second scrape finds them too');
  t.is((await at('/')).status, 404);
  t.is((await at('/healthz', { method: 'POST' })).status, 405);
});

test('latencies of no text at all are not 0', async (t) => {
  const none = { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  const { body } = await metricsText({ ...figures, stats: { ...figures.stats, latencyMs: none } });
  t.true(body.split('\n').includes('snug_latency_seconds{quantile="0.50"} NaN'), body);
  t.true(body.split('\n').includes('snug_total_seconds{quantile="0.50"} 0.001'), body);
});

test('health on a Unix socket that only this user may use; a leftover of a killed agent is taken over', async (t) => {
  const socketPath = join(await folderFor(t), 'health.sock');
  const options = { listen: socketPath, figures: () => figures, trouble: () => undefined };
  const first = new Endpoint(options);
  await first.start();
  t.is((await stat(socketPath)).mode & 0o777, 0o600);
  t.is((await get({ socketPath, path: '/healthz' })).status, 200);
  const error = await t.throwsAsync<SnugError>(new Endpoint(options).start(), { code: 'HEALTH_LISTEN' });
  t.regex(error.message, /health\.listen: .*health\.sock/);
  await first.stop();
  const listen = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', listen, socketPath]);
  t.true(existsSync(socketPath));
  const second = new Endpoint(options);
  await second.start();
  t.is((await get({ socketPath, path: '/healthz' })).status, 200);
  await second.stop();
});

test('three starts that came to nothing lead to the configuration that ran well last; a good run ends that', async (t) => {
  const folder = join(await folderFor(t), 'state');
  const good = { text: 'device: d', set: { telemetry: {} } };
  const first = new Starts(folder);
  t.is(await first.begin('file'), 0);
  await first.wentWell(good);
  t.is((await stat(join(folder, 'last-good.json'))).mode & 0o777, 0o600);
  for (const failed of [0, 1, 2]) {
    const starts = new Starts(folder);
    t.is(await starts.begin('file'), failed);
    t.false(starts.looping);
  }
  const fourth = new Starts(folder);
  t.is(await fourth.begin('file'), 3);
  t.true(fourth.looping);
  t.deepEqual(fourth.good, good);
  await fourth.wentWell();
  t.is(await new Starts(folder).begin('file'), 0);
  t.is(JSON.parse(await readFile(join(folder, 'starts.json'), 'utf8')).failed, 1);
});

test('a start that failed says why to the next one; a file that was changed since is a new try', async (t) => {
  const folder = join(await folderFor(t), 'state');
  for (const _ of [1, 2, 3]) {
    const starts = new Starts(folder);
    await starts.begin('misspelt');
    await starts.cameToNothing('there is no such bundle');
  }
  const fourth = new Starts(folder);
  await fourth.begin('misspelt');
  t.true(fourth.looping);
  t.is(fourth.problem, 'there is no such bundle');
  const corrected = new Starts(folder);
  t.is(await corrected.begin('corrected'), 0);
  t.false(corrected.looping);
  t.is(corrected.problem, undefined);
});

test('a second agent beside the one that runs makes no start of that one a failed one', async (t) => {
  const folder = join(await folderFor(t), 'state');
  const healthy = new Starts(folder);
  await healthy.begin('file');
  await healthy.wentWell();
  for (const _ of [1, 2, 3]) {
    const stray = new Starts(folder);
    await stray.begin('file');
    await stray.takeBack();
  }
  t.is(await new Starts(folder).begin('file'), 0);
});
