/** What can happen to a connection: killed, cut, refused, hanging, wrongly certified. At both brokers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../agent/clock.js';
import { plainDoor, type Rig, startAgent } from './support/agent-rig.js';
import { brokerKinds, freePort, relay, temporaryFolder } from './support/brokers.js';
import { makeCertificates } from './support/certificates.js';
import { type Door, end, hasMosquitto, publish, watch } from './support/mosquitto-tools.js';

/** Resolves when a line of the agent's log has the words. */
async function logged(rig: Rig, words: RegExp): Promise<string> {
  for (let waits = 0; waits < 4000; waits++) {
    const line = rig.log.find((each) => words.test(each));
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never logged: ${words}; but:\n${rig.log.join('\n')}`);
}

for (const { name, start } of brokerKinds) {
  test(`${name}: killed, the will says offline with the same session; the next start has a higher one`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const folder = await temporaryFolder(t);
    const config = join(folder, 'snug.yaml');
    await writeFile(
      config,
      `device: d\nbundle: ./b\nstateDir: ./state\nmqtt: { url: "mqtt://127.0.0.1:${port}" }\nsources: { in: { kind: stdin } }\n`,
    );
    const feed = await watch(t, plainDoor(port), 'snug/v1/d/status');
    const script = new URL('./support/agent-process.ts', import.meta.url).pathname;
    const run = () => {
      const child = spawn(process.execPath, ['--import=tsx', script, config], { stdio: ['pipe', 'ignore', 'inherit'] });
      t.teardown(() => end(child));
      return child;
    };
    const first = run();
    await feed.until(() => feed.messages.length === 1, 'online');
    await end(first, 'SIGKILL');
    await feed.until(() => feed.messages.length === 2, 'the will');
    const second = run();
    await feed.until(() => feed.messages.length === 3, 'online again');
    await end(second, 'SIGTERM');
    await feed.until(() => feed.messages.length === 4, 'a proper offline');
    const said = feed.messages.map(({ payload }) => `${payload.state} ${payload.session}`);
    t.deepEqual(said, ['online 1', 'offline 1', 'online 2', 'offline 2']);
  });

  test(`${name}: broker gone and back: announced anew, results of the time between are kept`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const broker = await start(t);
    const rig = await startAgent(t, { port: broker.port });
    await logged(rig, /online at/);
    await broker.stop();
    await logged(rig, /warn broker/);
    await rig.source.say('my balance', 'the weather');
    await start(t, { port: broker.port });
    const feed = await watch(t, plainDoor(broker.port), 'snug/v1/board-1/#');
    await feed.until(() => feed.of('/status').at(-1)?.state === 'online', 'online again');
    await feed.until(() => feed.of('/result/console').length > 0, 'the results');
    t.deepEqual(
      feed.of('/result/console').flatMap(({ predictions }) => predictions.map(({ seq }: { seq: number }) => seq)),
      [1, 2],
    );
    t.true(feed.of('/status').at(-1).session > 1);
    t.truthy(feed.of('/info').at(-1));
  });

  test(`${name}: a refused password is said in plain words, once, and is tried again`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t, { user: { name: 'pump', password: 'right' } });
    const rig = await startAgent(t, { port, mqtt: '  username: pump\n  password: wrong' });
    const line = await logged(rig, /refused the user name or password|does not let this client in/);
    t.true(line.includes(`127.0.0.1:${port}`));
    await new Promise((resolve) => setTimeout(resolve, 1500)); // time for at least one more try
    t.is(rig.log.filter((each) => each.startsWith('warn')).length, 1);
    t.false(
      rig.log.some((each) => each.includes('wrong')),
      'the password is in the log',
    );
  });

  test(`${name}: the right password, from a file, gets in`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t, { user: { name: 'pump', password: 'right' } });
    const file = join(await temporaryFolder(t), 'password');
    await writeFile(file, 'right\n');
    const rig = await startAgent(t, { port, mqtt: `  username: pump\n  passwordFile: ${file}` });
    t.truthy(await logged(rig, /online at/));
  });

  test(`${name}: two agents under one name: both say so, once, however often they take turns`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/status');
    const first = await startAgent(t, { port });
    await logged(first, /online at/);
    const second = await startAgent(t, { port });
    const taken = /warn broker .*: another agent connects as board-1/;
    await Promise.all([logged(first, taken), logged(second, taken)]);
    const seen = feed.messages.length;
    await feed.until(() => feed.messages.length > seen + 6, 'more turns');
    for (const { log } of [first, second]) {
      t.is(log.filter((line) => taken.test(line)).length, 1);
      t.true(log.filter((line) => /warn broker/.test(line)).length <= 2, log.join('\n'));
    }
  });

  test(`${name}: offline is corrected; its own will is told from what someone else says`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const topic = 'snug/v1/board-1/status';
    const feed = await watch(t, door, topic);
    const states = () => feed.of('/status').map(({ state }) => state);
    const rig = await startAgent(t, { port });
    await feed.until(() => states().length === 1, 'online');
    await publish(door, 'a', 'b', '-i', 'board-1'); // takes the connection over, so that the broker publishes the will
    await feed.until(() => states().length === 3, 'the will, and online again');
    await publish(door, topic, feed.of('/status')[1], '-r');
    await logged(rig, /info the broker published the will/);
    await feed.until(() => states().length === 5, 'online again');
    await publish(door, topic, { state: 'offline' }, '-r');
    await logged(rig, /info someone said that this device is offline/);
    await feed.until(() => states().length === 7, 'online again');
    t.deepEqual(states(), ['online', 'offline', 'online', 'offline', 'online', 'offline', 'online']);
  });

  test(`${name}: TLS with an authority of one's own and a client certificate`, async (t) => {
    const made = hasMosquitto(t) ? await makeCertificates(t) : undefined;
    if (!made) return t.pass();
    const { folder, server } = made;
    const { port } = await start(t, { tls: server });
    const options = ['--cafile', `${folder}/ca.crt`, '--cert', `${folder}/client.crt`, '--key', `${folder}/client.key`];
    const door: Door = { host: 'localhost', port, options };
    const feed = await watch(t, door, 'snug/v1/board-1/status');
    const url = `mqtts://localhost:${port}`;
    const own = `  cert: ${folder}/client.crt\n  key: ${folder}/client.key`;
    await startAgent(t, { port, url, mqtt: `  ca: ${folder}/ca.crt\n${own}` });
    await feed.until(() => feed.messages.at(-1)?.payload.state === 'online', 'online over TLS');

    const stranger = await startAgent(t, { port, device: 'b2', url, mqtt: `  ca: ${folder}/other.crt\n${own}` });
    t.regex(await logged(stranger, /warn/), /unknown authority|set mqtt\.ca/);
    const nameless = await startAgent(t, { port, device: 'b3', url, mqtt: `  ca: ${folder}/ca.crt` });
    t.regex(await logged(nameless, /warn/), /certificate|cut/);
  });
}

test('certificates that are renewed are taken over without a restart', async (t) => {
  const made = hasMosquitto(t) ? await makeCertificates(t) : undefined;
  if (!made) return t.pass();
  const { folder, server } = made;
  const { port } = await brokerKinds[1].start(t, { tls: server });
  const tls = ['ca.crt', 'client.crt', 'client.key'].map((name) => `${folder}/${name}`);
  const door: Door = { host: 'localhost', port, options: ['--cafile', tls[0], '--cert', tls[1], '--key', tls[2]] };
  const feed = await watch(t, door, 'snug/v1/board-1/status');
  const rig = await startAgent(t, {
    port,
    url: `mqtts://localhost:${port}`,
    mqtt: `  ca: ${tls[0]}\n  cert: ${folder}/own.crt\n  key: ${tls[2]}`,
    prepare: () => copyFile(tls[1], `${folder}/own.crt`),
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 100), signal) },
  });
  await feed.until(() => feed.messages.at(-1)?.payload.state === 'online', 'online');
  await writeFile(`${folder}/own.crt`, 'half-written');
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.is(feed.messages.length, 1, 'a file that is none yet changes nothing');
  await writeFile(`${folder}/own.crt`, `${await readFile(tls[1], 'utf8')}\n`);
  await feed.until(() => feed.messages.at(-1)?.payload.session === 2, 'online again, with the new file');
  t.truthy(await logged(rig, /were renewed/));
  t.false(rig.log.some((line) => line.startsWith('warn')));
});

test('a broker that says that another client took the connection over is believed', async (t) => {
  const server = createServer((socket) => {
    // CONNACK, and DISCONNECT with reason code 0x8E in the same breath: the subscription is under way by then.
    socket.on('error', () => {}).once('data', () => socket.end(Buffer.from('2003000000e0018e', 'hex')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const rig = await startAgent(t, { port: typeof address === 'object' && address ? address.port : 0 });
  t.regex(await logged(rig, /warn/), /another agent connects as board-1/);
});

test('a broker that takes the connection and never answers is given up and named', async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const rig = await startAgent(t, { port, mqtt: '  connectTimeoutMs: 500' });
  t.regex(await logged(rig, /warn/), /did not answer within 500 ms; is it an MQTT broker/);
  await rig.source.say('my balance');
  const startedMs = performance.now();
  await rig.agent.stop();
  t.true(performance.now() - startedMs < 5000, 'an agent ends within five seconds, broker or not');
});

test('no broker at all: said once, the agent works on and ends in time', async (t) => {
  const port = await freePort();
  const rig = await startAgent(t, { port });
  t.regex(await logged(rig, /warn/), new RegExp(`mqtt://127.0.0.1:${port}: nothing listens there`));
  await rig.source.say(...Array.from({ length: 2000 }, (_, i) => `line ${i}`));
  await rig.agent.stop();
  // A busy machine makes the governor say that it has nothing lighter: that is no word of the link.
  const warnings = rig.log.filter((line) => line.startsWith('warn') && !line.includes('presses, and nothing lighter'));
  t.is(warnings.length, 1, warnings.join('\n'));
});

test('a long time without a broker loses nothing: all comes when it is back, in order, marked historical', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const broker = await brokerKinds[0].start(t);
  const feed = await watch(t, plainDoor(broker.port), 'snug/v1/board-1/#');
  const port = await freePort();
  const rig = await startAgent(t, { port, more: 'outbox: { replayPerSecond: 10000 }' });
  await logged(rig, /nothing listens there/);
  for (let i = 0; i < 120; i++) await rig.source.say(...Array.from({ length: 100 }, (_, j) => `line ${i} ${j}`));
  while (rig.answered() < 12_000) await new Promise((resolve) => setTimeout(resolve, 10));
  await relay(t, port, broker.port);
  const predictions = () => feed.of('/result/console').flatMap((payload) => payload.predictions);
  await feed.until(() => predictions().at(-1)?.seq === 12_000, 'the newest record');
  t.deepEqual(
    predictions().map(({ seq }) => seq),
    Array.from({ length: 12_000 }, (_, i) => i + 1),
  );
  t.true(feed.of('/result/console').every(({ historical }) => historical === true));
  await rig.source.say('my balance');
  await feed.until(() => predictions().at(-1)?.seq === 12_001, 'a record after it');
  t.is(feed.of('/result/console').at(-1).historical, undefined);
});

test('what waits is bounded: the oldest records go, and how many is told', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const broker = await brokerKinds[0].start(t);
  const feed = await watch(t, plainDoor(broker.port), 'snug/v1/board-1/#');
  const port = await freePort();
  const rig = await startAgent(t, { port, more: 'outbox: { maxRecords: 1000, replayPerSecond: 10000, writeMs: 10 }' });
  await logged(rig, /nothing listens there/);
  for (let i = 0; i < 30; i++) await rig.source.say(...Array.from({ length: 100 }, (_, j) => `line ${i} ${j}`));
  while (rig.answered() < 3000) await new Promise((resolve) => setTimeout(resolve, 10));
  await logged(rig, /dropped from the outbox so far: it holds no more records/);
  await relay(t, port, broker.port);
  const seqs = () =>
    feed.of('/result/console').flatMap(({ predictions }) => predictions.map(({ seq }: { seq: number }) => seq));
  await feed.until(() => seqs().at(-1) === 3000, 'the newest record');
  const kept = seqs();
  t.true(kept.length <= 1000 && kept.length > 900, `${kept.length} were kept`);
  t.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 3001 - kept.length + i),
    'the newest, without a gap',
  );
  await feed.until(() => feed.of('/event').some(({ cause }) => cause === 'outbox-records'), 'the event');
});

test('a host that is not known is named', async (t) => {
  const rig = await startAgent(t, { port: 0, url: 'mqtt://no-such-host.invalid' });
  t.regex(await logged(rig, /warn/), /no-such-host\.invalid.*host’s name/);
});

test('TLS files that are none stop the start', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'ca.crt'), 'no certificate');
  await t.throwsAsync(startAgent(t, { port: 1, url: 'mqtts://localhost', mqtt: `  ca: ${folder}/ca.crt` }), {
    message: /mqtt\.ca: .*ca\.crt/,
  });
});

test('an agent that can’t start lets go of its state folder', async (t) => {
  const port = await freePort();
  const stateDir = join(await temporaryFolder(t), 'state');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  const health = `health: { listen: "127.0.0.1:${typeof address === 'object' && address ? address.port : 0}" }`;
  await t.throwsAsync(startAgent(t, { port, stateDir, more: health }), { code: 'HEALTH_LISTEN' });
  await t.notThrowsAsync(startAgent(t, { port, stateDir }));
});
