/** A small authority with certificates for a broker and a client, made by openssl for one test. */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './brokers.js';

export interface Certificates {
  readonly folder: string;
  /** PEM texts; the files are `ca.crt`, `server.crt`, `server.key`, `client.crt`, `client.key`, `other.crt` in the folder. */
  readonly server: { readonly key: string; readonly cert: string; readonly ca: string };
}

/** Makes them; undefined where openssl is missing (the test says so and passes). `other.crt` is of another authority. */
export async function makeCertificates(t: ExecutionContext): Promise<Certificates | undefined> {
  if (spawnSync('openssl', ['version']).error) {
    t.log('NOT TESTED: openssl is not installed');
    return undefined;
  }
  const folder = await temporaryFolder(t);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  await writeFile(join(folder, 'server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await writeFile(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`, '-extfile', `${name}.ext`);
  }
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.crt', 'ca.crt'].map((file) => readFile(join(folder, file), 'utf8')),
  );
  return { folder, server: { key, cert, ca } };
}
