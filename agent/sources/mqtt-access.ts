/** Which broker an MQTT source reads from, and as whom. */
import { SnugError } from '../../src/errors/index.js';
import { readCredentials } from '../uplink/credentials.js';
import type { MqttSourceOptions } from './mqtt.js';
import type { OptionsOf } from './options.js';

/** The agent's own broker, as its configuration has it. */
export type BrokerConfig = Parameters<typeof readCredentials>[0];

export interface Surroundings {
  readonly device: string;
  /** The agent's own broker. */
  readonly mqtt?: BrokerConfig;
}

/** Throws `USAGE` where there is no broker to read from. */
export function mqttSourceOptions(
  name: string,
  options: OptionsOf<'mqtt'>,
  { device, mqtt }: Surroundings,
): MqttSourceOptions {
  const { url, topic, clientId = `${device}-${name}`, version, sessionS } = options;
  const more = { topic, clientId, ...(version && { version }), ...(sessionS !== undefined && { sessionS }) };
  if (url !== undefined) {
    const { username, passwordFile, ca, cert, key } = options;
    const access = { url, username, passwordFile, ca, cert, key, keepaliveS: 60, connectTimeoutMs: 10_000 };
    return { ...more, url, readAccess: () => readCredentials(access) };
  }
  if (mqtt === undefined)
    throw new SnugError('USAGE', `source '${name}': which broker?`, { remedy: 'Give its url: mqtt://host:port.' });
  return { ...more, url: mqtt.url, ownRoot: `snug/v1/${device}/`, readAccess: () => readCredentials(mqtt) };
}
