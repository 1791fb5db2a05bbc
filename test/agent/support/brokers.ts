/** The brokers that the agent must work with alike: ours (aedes) and Mosquitto. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { startBroker } from '../../../src/broker/index.js';
import { end } from './mosquitto-tools.js';

export interface TestBroker {
  readonly port: number;
  stop(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** The longest packet that it takes; Mosquitto alone. */
  readonly packetBytes?: number;
  readonly user?: { readonly name: string; readonly password: string };
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

export interface BrokerKind {
  readonly name: string;
  start(t: ExecutionContext, options?: TestBrokerOptions): Promise<TestBroker>;
}

export const brokerKinds: readonly BrokerKind[] = [
  { name: 'the embedded broker', start: startEmbedded },
  { name: 'Mosquitto', start: startMosquitto },
];

async function startEmbedded(t: ExecutionContext, { port = 0, user, tls }: TestBrokerOptions = {}) {
  const broker = await startBroker({ port, username: user?.name, password: user?.password, tls });
  t.teardown(() => broker.close());
  return { port: broker.port, stop: () => broker.close() };
}

async function startMosquitto(t: ExecutionContext, { port, packetBytes, user, tls }: TestBrokerOptions = {}) {
  const folder = await temporaryFolder(t);
  const at = port ?? (await freePort());
  const lines = [`listener ${at} 127.0.0.1`, 'persistence false', `allow_anonymous ${user ? 'false' : 'true'}`];
  if (process.getuid?.() === 0) lines.push('user root'); // or it could not read the files below
  if (packetBytes) lines.push(`max_packet_size ${packetBytes}`);
  if (user) {
    const file = join(folder, 'passwords');
    spawnSync('mosquitto_passwd', ['-b', '-c', file, user.name, user.password]);
    lines.push(`password_file ${file}`);
  }
  if (tls) {
    for (const [name, text] of Object.entries(tls)) await writeFile(join(folder, `${name}.pem`), text);
    lines.push(`cafile ${folder}/ca.pem`, `certfile ${folder}/cert.pem`, `keyfile ${folder}/key.pem`);
    lines.push('require_certificate true');
  }
  const conf = join(folder, 'mosquitto.conf');
  await writeFile(conf, `${lines.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', conf], { stdio: 'ignore' });
  t.teardown(() => end(child));
  await answers(at, () => child.exitCode === null);
  return { port: at, stop: () => end(child) };
}

/** Resolves when something listens at the port. */
async function answers(port: number, alive: () => boolean): Promise<void> {
  for (;;) {
    if (!alive()) throw new Error('mosquitto ended at once');
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** A way to a broker that opens when the test says so. */
export async function relay(t: ExecutionContext, from: number, to: number): Promise<void> {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
    t.teardown(() => near.destroy());
  });
  server.listen(from, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
}

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-agent-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
