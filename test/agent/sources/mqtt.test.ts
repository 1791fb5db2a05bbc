/** Messages of a topic, at both brokers that Snug is used with. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import mqtt from 'mqtt';
import { createSource, type SourceOptions } from '../../../agent/sources/index.js';
import { brokerKinds, freePort } from '../support/brokers.js';
import { makeCertificates } from '../support/certificates.js';
import { ListeningSink } from '../support/listening-sink.js';
import { hasMosquitto } from '../support/mosquitto-tools.js';

const options = (port: number, more: object = {}): SourceOptions => ({
  kind: 'mqtt',
  topic: 'sensors/#',
  url: `mqtt://127.0.0.1:${port}`,
  clientId: 'reader',
  ...more,
});

async function started(t: ExecutionContext, port: number, more: object = {}) {
  const source = createSource('topic', options(port, more));
  const sink = new ListeningSink();
  await source.start(sink);
  t.teardown(() => source.stop());
  return { source, sink };
}

async function publisher(t: ExecutionContext, port: number) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  t.teardown(() => client.endAsync(true));
  return (text: string, more: object = {}) => client.publishAsync('sensors/a', text, { qos: 1, ...more });
}

for (const broker of brokerKinds) {
  test(`${broker.name}: a message is a record, with its topic; QoS 0 too`, async (t) => {
    if (broker.name === 'Mosquitto' && !hasMosquitto(t)) return t.pass();
    const { port } = await broker.start(t);
    const { sink } = await started(t, port);
    const publish = await publisher(t, port);
    await publish('one\n');
    await publish('two', { qos: 0 });
    await sink.untilText('two');
    t.deepEqual(sink.texts, ['one', 'two']);
    t.deepEqual(sink.pieces[0].fields, { topic: 'sensors/a' });
  });

  test(`${broker.name}: what was not kept when we fell over comes again, what was kept does not`, async (t) => {
    if (broker.name === 'Mosquitto' && !hasMosquitto(t)) return t.pass();
    const { port } = await broker.start(t);
    const publish = await publisher(t, port);
    const first = await started(t, port);
    for (const text of ['one', 'two', 'three']) await publish(text);
    await first.sink.untilText('three');
    first.source.kept?.(first.sink.pieces[1].position ?? {});
    await publish('after the acknowledgement');
    await first.sink.untilText('after the acknowledgement');
    await first.source.stop();
    await publish('while away');
    const second = await started(t, port);
    await second.sink.untilText('while away');
    t.deepEqual(second.sink.texts, ['three', 'after the acknowledgement', 'while away']);
  });

  test(`${broker.name}: more messages than may be unacknowledged flow on as they are kept`, async (t) => {
    if (broker.name === 'Mosquitto' && !hasMosquitto(t)) return t.pass();
    const { port } = await broker.start(t);
    const publish = await publisher(t, port);
    const { source, sink } = await started(t, port);
    const kept = setInterval(() => sink.position && source.kept?.(sink.position), 1);
    t.teardown(() => clearInterval(kept));
    await Promise.all(Array.from({ length: 500 }, (_, n) => publish(`message ${n}`)));
    await sink.until(() => sink.texts.length === 500);
    t.is(new Set(sink.texts).size, 500);
  });
}

test('a connection lost with records on their way: sent again by the broker, not read again', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const port = await freePort();
  const { start } = brokerKinds[1];
  const broker = await start(t, { port });
  const { source, sink } = await started(t, port);
  const publish = await publisher(t, port);
  await publish('one');
  await sink.untilText('one');
  // Mosquitto ends the older connection of a client id; ours comes back by itself.
  const thief = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: 'reader',
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  });
  await sink.until(() => sink.news.some((each) => each.startsWith('lost')));
  await thief.endAsync(true);
  await sink.until(() => sink.news.includes('back'));
  await publish('two');
  await sink.untilText('two');
  t.deepEqual(sink.texts, ['one', 'two']);
  source.kept?.(sink.position ?? {});
  await source.stop();
  await publish('three');
  const again = await started(t, port);
  await again.sink.untilText('three');
  t.deepEqual(again.sink.texts, ['three']);
  await broker.stop();
});

test('an end while records are on their way: kept in time, they do not come again', async (t) => {
  const { port } = await brokerKinds[0].start(t);
  const publish = await publisher(t, port);
  const first = await started(t, port);
  await publish('one');
  await first.sink.untilText('one');
  const stopped = first.source.stop();
  first.source.kept?.(first.sink.position ?? {});
  await stopped;
  await publish('two');
  const second = await started(t, port);
  await second.sink.untilText('two');
  t.deepEqual(second.sink.texts, ['two']);
});

test('a broker that is not there yet is waited for; one of MQTT 3.1.1 is understood', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const port = await freePort();
  const { sink } = await started(t, port, { version: 4 });
  t.regex(sink.news[0], /^lost: .*ECONNREFUSED/);
  await brokerKinds[1].start(t, { port });
  await sink.until(() => sink.news.includes('back'));
  const publish = await publisher(t, port);
  await publish('hello');
  await sink.untilText('hello');
  t.pass();
});

test('at the agent’s own broker what it publishes itself is not read', async (t) => {
  const { port } = await brokerKinds[0].start(t);
  const own = { url: `mqtt://127.0.0.1:${port}`, keepaliveS: 30, connectTimeoutMs: 1000 };
  const source = createSource('topic', { kind: 'mqtt', topic: '#' }, { device: 'pump-07', mqtt: own });
  const sink = new ListeningSink();
  await source.start(sink);
  t.teardown(() => source.stop());
  const client = await mqtt.connectAsync(own.url);
  t.teardown(() => client.endAsync(true));
  await client.publishAsync('snug/v1/pump-07/result/topic', 'a result', { qos: 1 });
  await client.publishAsync('snug/v1/pump-08/event', 'another device', { qos: 1 });
  await sink.untilText('another device');
  t.deepEqual(sink.texts, ['another device']);
  t.throws(() => createSource('topic', { kind: 'mqtt', topic: '#' }), { code: 'USAGE', message: /which broker/ });
});

test('over TLS: the broker’s certificate is checked, ours is shown, files are read at every try', async (t) => {
  const certificates = await makeCertificates(t);
  if (certificates === undefined) return t.pass();
  const { port } = await brokerKinds[0].start(t, { tls: certificates.server });
  const file = (name: string) => join(certificates.folder, name);
  const ca = file('used.crt');
  copyFileSync(file('other.crt'), ca);
  const { sink } = await started(t, port, {
    url: `mqtts://localhost:${port}`,
    ca,
    cert: file('client.crt'),
    key: file('client.key'),
  });
  t.regex(sink.news[0], /^lost: .*certificate/);
  copyFileSync(file('ca.crt'), ca);
  await sink.until(() => sink.news.includes('back'));
});
