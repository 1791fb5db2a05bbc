import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connectAsync } from 'mqtt';
import { openBroker } from '../../../src/bench/pipeline/agent-side.js';

test('a real broker is there for the agent, takes messages, and is gone afterwards', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-bench-broker-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const broker = await openBroker(folder);
  t.log(broker.name);
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  const arrived = new Promise((resolve) =>
    client.once('message', (topic, payload) => resolve([topic, payload.toString()])),
  );
  await client.subscribeAsync('bench/#', { qos: 1 });
  await client.publishAsync('bench/one', 'hello', { qos: 1 });
  t.deepEqual(await arrived, ['bench/one', 'hello']);
  await client.endAsync();
  await broker.close();
  await t.throwsAsync(connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 }, false));
});
