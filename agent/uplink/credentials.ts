/** What a connection needs from files: read anew for every connection, so that renewed certificates are taken over. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, SnugError } from '../../src/errors/index.js';
import type { MqttConfig } from '../config/index.js';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads the files that the configuration names. Throws `BROKER_TLS`, which names the key and the file. */
export async function readCredentials(mqtt: MqttConfig): Promise<Credentials> {
  const read = async (name: 'ca' | 'cert' | 'key' | 'passwordFile', check: (text: string) => unknown) => {
    const path = mqtt[name];
    if (path === undefined) return undefined;
    try {
      const text = await readFile(path, 'utf8');
      check(text);
      return text;
    } catch (cause) {
      throw new SnugError('BROKER_TLS', `mqtt.${name}: ${path}: ${messageOf(cause)}`, {
        cause,
        ...(name === 'passwordFile' && { remedy: 'Give a file that holds the password and that this user may read.' }),
      });
    }
  };
  const isCertificate = (text: string) => new X509Certificate(text);
  const password = (await read('passwordFile', () => undefined))?.replace(/\r?\n$/, '') ?? mqtt.password;
  return {
    username: mqtt.username,
    password,
    ca: await read('ca', isCertificate),
    cert: await read('cert', isCertificate),
    key: await read('key', (text) => createPrivateKey(text)),
  };
}
