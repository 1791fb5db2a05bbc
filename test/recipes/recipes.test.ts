/** Every recipe of docs/recipes.md is run: real input in, the expected messages at a real broker. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startProgram } from '../agent/support/agent-program.js';
import { plainDoor } from '../agent/support/agent-rig.js';
import { brokerKinds, freePort, temporaryFolder } from '../agent/support/brokers.js';
import { hasJournal, startJournal } from '../agent/support/journal-namespace.js';
import { end, hasMosquitto, publish, watch } from '../agent/support/mosquitto-tools.js';
import { textOf } from '../house/tree.js';
import { cook, deviceOf, place, recipes } from './support/recipe.js';

const [, mosquitto] = brokerKinds;

/** One after the other: each is a whole agent with its model. */
function recipe(title: string, body: (t: ExecutionContext) => Promise<void>, ...programs: string[]): void {
  test.serial(title, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const missing = programs.filter((each) => spawnSync(each, ['-V']).error !== undefined);
    if (missing.length === 0) return await body(t);
    t.log(`NOT TESTED: ${missing.join(', ')} is not installed`);
    t.pass();
  });
}

const labelled = (predictions: readonly { label: string }[]) => predictions.map(({ label }) => label);

test('every block of YAML on the page is a recipe', (t) => {
  t.is(recipes.size, textOf('docs/recipes.md').split('```yaml').length - 1);
  t.deepEqual([...recipes.keys()], ['serial', 'syslog', 'journal', 'application', 'sensors', 'battery']);
});

// The texts are such that small profiles give them the same label too: which one is chosen is the machine's affair.

recipe(
  'serial: what the machine says again is not published again',
  async (t) => {
    const { folder, predictions, feed } = await cook(t, 'serial', async (folder) => {
      const port = join(folder, 'port');
      await cable(t, port, join(folder, 'machine'));
      return [['/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K4XYZ-if00-port0', port]];
    });
    const far = join(folder, 'machine');
    const balance = 'what is my balance';
    for (const text of [balance, balance, 'set an alarm for six', balance]) await appendFile(far, `${text}\0`);
    await feed.until(() => predictions('console').length >= 3, 'three predictions');
    t.deepEqual(labelled(predictions('console')), ['balance', 'alarm', 'balance']);
    t.deepEqual(
      predictions('console').map(({ seq }) => seq),
      [1, 3, 4],
    );
  },
  'socat',
);

recipe('syslog: two labels, from warnings on, not faster than said', async (t) => {
  const listen = await freePort();
  const { predictions, feed } = await cook(t, 'syslog', () => [['0.0.0.0:5140', `127.0.0.1:${listen}`]]);
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const say = (priority: number, text: string) =>
    new Promise((sent) => {
      socket.send(`<${priority}>1 2026-11-24T10:00:00Z router-1 pppd 77 - - ${text}`, listen, '127.0.0.1', sent);
    });
  const blocked = 'why is my account blocked';
  const began = performance.now();
  await say(30, blocked); // informational
  await say(28, 'what is my balance'); // a label that is not asked for
  for (let i = 0; i < 30; i++) await say(28, blocked);
  await feed.until(() => predictions('router').length >= 5, 'some predictions');
  while (!labelled(predictions('router')).includes('report_fraud')) {
    await say(27, 'i need to report fraud on my card');
    await wait(400); // the rate allows one more by then
  }
  const seen = predictions('router');
  const allowed = 5 + (5 * (performance.now() - began)) / 1000;
  t.true(seen.length <= allowed, `${seen.length}, not more than ${allowed}`);
  t.deepEqual([...new Set(labelled(seen))].sort(), ['account_blocked', 'report_fraud']);
  t.deepEqual(seen[0].ids, { host: 'router-1', app: 'pppd' });
  t.is(seen[0].seq, 2, 'the informational one is no record');
});

recipe('application: stack traces joined, levels picked, rotation survived', async (t) => {
  const { folder, predictions, feed } = await cook(t, 'application', (folder) => [
    ['/var/log/shop/application.log', join(folder, 'application.log')],
  ]);
  const log = join(folder, 'application.log');
  await writeFile(log, '');
  // As Java prints it: the exception and its cause stand in column 0.
  const trace =
    'java.lang.RuntimeException: x\n\tat Shop.pay(Shop.java:7)\nCaused by: java.io.IOException\n\tat Net.send(Net.java:1)\n';
  await appendFile(log, '10:00:01 INFO [main] set an alarm for six\n');
  await appendFile(log, `10:00:02 ERROR [worker-1] why is my account blocked\n${trace}`);
  await appendFile(log, '2026-11-24 10:00:03,021 WARN  [worker-2] what is my balance\n');
  await feed.until(() => predictions('application').length >= 2, 'two predictions');
  await rename(log, `${log}.1`);
  await appendFile(`${log}.1`, '10:00:04 WARN [late] set an alarm for six\n');
  await writeFile(log, '10:00:05 ERROR [new] i need to report fraud on my card\n');
  await feed.until(() => predictions('application').length >= 4, 'what came around the rotation');
  const seen = predictions('application');
  t.deepEqual(
    seen.map(({ ids }) => ids),
    [
      { level: 'ERROR', thread: 'worker-1' },
      { level: 'WARN', thread: 'worker-2' },
      { level: 'WARN', thread: 'late' },
      { level: 'ERROR', thread: 'new' },
    ],
  );
  t.is(seen[0].text, `why is my account blocked\n${trace.trimEnd()}`);
  t.deepEqual(labelled(seen).slice(1), ['balance', 'alarm', 'report_fraud']);
});

recipe('sensors: a field of JSON messages at another broker', async (t) => {
  const other = await mosquitto.start(t);
  const { predictions, feed } = await cook(t, 'sensors', () => [
    ['mqtt://192.0.2.7:1883', `mqtt://127.0.0.1:${other.port}`],
  ]);
  const say = (topic: string, payload: object) => publish(plainDoor(other.port), topic, payload);
  const message = (text: string) => ({ machine: { name: 'm-1' }, payload: { message: text } });
  await say('hall/a/message', { machine: { name: 'm-1' }, payload: {} });
  await say('hall/a/level', message('set an alarm for six'));
  await say('hall/a/message', message('what is my balance'));
  await say('hall/b/message', message('set an alarm for six'));
  await feed.until(() => predictions('sensors').length >= 2, 'two predictions');
  t.deepEqual(
    predictions('sensors').map(({ seq, label, ids }) => [seq, label, ids]),
    [
      [1, 'balance', { machine: 'm-1', topic: 'hall/a/message' }],
      [2, 'alarm', { machine: 'm-1', topic: 'hall/b/message' }],
    ],
  );
});

recipe(
  'journal: two units of a journal, but for what is said for debugging',
  async (t) => {
    if (!hasJournal(t)) return void t.pass();
    const { namespace, folder } = await startJournal(t);
    // One entry that is there before: the agent begins behind it.
    while (spawnSync('journalctl', ['-q', '-n', '1', `--namespace=${namespace}`]).stdout.length === 0) await wait(20);
    const { predictions, feed } = await cook(t, 'journal', () => [
      ['kind: journal', `kind: journal\n    namespace: ${namespace}`],
    ]);
    const say = async (unit: string, priority: number, text: string) => {
      // The daemon takes this field from root for a unit that is spoken of, and `journalctl -u` looks at it.
      const entry = `MESSAGE=${text}\nPRIORITY=${priority}\nOBJECT_SYSTEMD_UNIT=${unit}\n`;
      const { status } = spawnSync('socat', ['-u', '-', `UNIX-SENDTO:${folder}/socket`], { input: entry });
      t.is(status, 0);
    };
    await say('pump.service', 7, 'why is my account blocked');
    await say('other.service', 4, 'why is my account blocked');
    await say('pump.service', 4, 'what is my balance');
    await say('valve.service', 6, 'set an alarm for six');
    await feed.until(() => predictions('journal').length >= 2, 'two predictions');
    t.deepEqual(
      predictions('journal').map(({ label, ids }) => [label, ids.severity]),
      [
        ['balance', 'warning'],
        ['alarm', 'info'],
      ],
    );
  },
  'socat',
);

recipe('battery: counts of a quarter, kept while the broker is away', async (t) => {
  const port = await freePort();
  const folder = await temporaryFolder(t);
  const [socket, health] = [join(folder, 'radio.sock'), join(folder, 'health.sock')];
  const config = await place(folder, port, 'battery', [
    ['/run/snug/radio.sock', socket],
    ['countsEveryS: 900', 'countsEveryS: 1'],
    ['intervalMs: 1800000', 'intervalMs: 500'],
  ]);
  await appendFile(config, `health: { listen: ${health} }\n`);
  const { said } = startProgram(t, config);
  const radio = await connected(socket);
  const texts = Array.from({ length: 200 }, (_, i) =>
    i % 2 ? 'why is my account blocked' : 'i need to report fraud on my card',
  );
  radio.end(texts.map((text) => `${text}\n`).join(''));
  while (Number(/^snug_outbox_records (\d+)/m.exec(await metricsOf(health))?.[1] ?? 0) === 0) await wait(100);
  await mosquitto.start(t, { port });
  const feed = await watch(t, plainDoor(port), `snug/v1/${deviceOf('battery')}/#`);
  const results = () => feed.of('/result/radio');
  const counted = () => results().reduce((sum, { counts }) => sum + (counts?.records ?? 0), 0);
  const leftOut = () => feed.of('/telemetry').at(-1)?.leftOut?.['radio.unsampled'] ?? 0;
  await feed.until(
    () => counted() + leftOut() === texts.length,
    () => `all counted: ${counted()} and ${leftOut()}; ${said()}`,
  );
  t.true(counted() > 15 && counted() < 90, `${counted()} of 200 by chance`);
  t.true(results().some(({ historical }) => historical === true));
  t.true(results().every(({ predictions }) => predictions.length === 0));
  const labels = new Set(results().flatMap(({ counts }) => Object.keys(counts.labels)));
  t.deepEqual([...labels].sort(), ['account_blocked', 'report_fraud']);
  t.regex(feed.of('/info').at(-1).profile.name, /^w0\.50-p0\.25-q8$/);
});

/** Two serial ports and the line between them. */
async function cable(t: ExecutionContext, near: string, far: string): Promise<void> {
  const child = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], { stdio: 'ignore' });
  t.teardown(() => end(child));
  while (!existsSync(near) || !existsSync(far)) await wait(20);
}

/** A connection to a socket, once somebody listens there. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      await wait(50);
    }
  }
}

async function metricsOf(socketPath: string): Promise<string> {
  const [response] = await once(get({ socketPath, path: '/metrics' }), 'response');
  return await text(response);
}
