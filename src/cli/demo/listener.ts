/** A subscriber like any other: gets a device's predictions from the broker. */
import { createRequire } from 'node:module';
import { decode, parseTopic, type ResultPrediction, topics } from '../../protocol/index.js';

// As CommonJS, as the agent's uplink loads it: one copy in memory.
const mqtt = createRequire(import.meta.url)('mqtt') as typeof import('mqtt');

export interface Listener {
  close(): Promise<void>;
}

/** Subscribes to the results of all sources of a device; resolves when the broker has agreed. */
export async function listen(
  url: string,
  device: string,
  onPredictions: (predictions: readonly ResultPrediction[]) => void,
): Promise<Listener> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: `${device}-listener` });
  client.on('error', () => undefined); // the broker is in this process: it goes only when the demo ends
  client.on('message', (topic, payload) => {
    if (parseTopic(topic)?.kind === 'result') onPredictions(decode('result', payload).predictions);
  });
  await client.subscribeAsync(topics(device).result('+'), { qos: 1 });
  return { close: () => client.endAsync(true) };
}
