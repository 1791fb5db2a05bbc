/** The agent as a side: one process, publishing to a real broker, with the benchmark as the only subscriber. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { stringify } from 'yaml';
import { startBroker } from '../../broker/index.js';
import { WARM_UP_TEXTS } from './measure-batched.js';
import type { Prepared } from './prepare.js';
import { profiles } from './sides.js';
import { type Arrival, steadyRate } from './steady-rate.js';

const DEVICE = 'bench';
/** An agent that publishes nothing new for so long has stopped. */
const SILENCE_MS = 60_000;

export interface BenchBroker {
  /** For the table's note. */
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

/** Mosquitto where it is installed, else the embedded broker in this process. */
export async function openBroker(workFolder: string): Promise<BenchBroker> {
  const port = await freePort();
  const config = join(workFolder, 'mosquitto.conf');
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  const started = await Promise.race([
    once(child, 'spawn').then(() => reachable(port)),
    once(child, 'error').then(() => false),
    once(child, 'exit').then(() => false),
  ]).catch(() => false);
  if (started) return { name: 'Mosquitto', url: `mqtt://127.0.0.1:${port}`, close: () => ended(child) };
  const broker = await startBroker({ port: 0 });
  return { name: 'the embedded broker', url: broker.url, close: () => broker.close() };
}

/** Records per second that the agent publishes from a file. */
export async function agentRate(
  prepared: Prepared,
  broker: BenchBroker,
  textsFile: string,
  count: number,
  batchSize: number,
): Promise<number> {
  const source = { kind: 'file', path: textsFile };
  const options = { sources: { texts: source }, batch: { size: batchSize } };
  return await withAgent(prepared, broker, options, 'ignore', async (results) => {
    const arrivals: Arrival[] = [];
    for (let seen = 0; seen < count; ) {
      seen += await results.next();
      arrivals.push({ at: performance.now(), seen });
    }
    return steadyRate(arrivals, WARM_UP_TEXTS, batchSize);
  });
}

/** Milliseconds from a line on the agent's stdin to its result at the subscriber, one text at a time. */
export async function agentLatencies(
  prepared: Prepared,
  broker: BenchBroker,
  texts: readonly string[],
): Promise<number[]> {
  return await withAgent(
    prepared,
    broker,
    { sources: { texts: { kind: 'stdin' } } },
    'pipe',
    async (results, agent) => {
      const taken: number[] = [];
      for (const text of texts) {
        const before = performance.now();
        agent.stdin?.write(`${text}\n`);
        await results.next();
        taken.push(performance.now() - before);
      }
      return taken;
    },
  );
}

interface Results {
  /** Waits for the next result message; gives how many predictions it holds. */
  next(): Promise<number>;
}

async function withAgent<T>(
  prepared: Prepared,
  broker: BenchBroker,
  options: Readonly<Record<string, unknown>>,
  stdin: 'pipe' | 'ignore',
  use: (results: Results, agent: ChildProcess) => Promise<T>,
): Promise<T> {
  if ('why' in prepared.bundle) throw new Error(prepared.bundle.why);
  const folder = await mkdtemp(join(prepared.workFolder, 'agent-'));
  const configFile = join(folder, 'snug.yaml');
  await writeFile(
    configFile,
    stringify({
      device: DEVICE,
      bundle: prepared.bundle.folder,
      profile: profiles.int8,
      mqtt: { url: broker.url },
      ...options,
      stateDir: join(folder, 'state'),
    }),
  );
  const client = await connectAsync(broker.url, { protocolVersion: 5, clientId: 'snug-bench' });
  const failure = new AbortController();
  const results = subscriber(client, failure.signal);
  await client.subscribeAsync(`snug/v1/${DEVICE}/result/#`, { qos: 1 });
  const agent = spawn(process.execPath, [prepared.cli, 'agent', '--config', configFile], {
    stdio: [stdin, 'ignore', 'pipe'],
    cwd: folder,
  });
  agent.stdin?.on('error', () => undefined); // the agent's end says more
  let said = '';
  agent.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2000);
  });
  agent.once('exit', (code) => failure.abort(new Error(`snug agent ended with code ${code}: ${said.trim()}`)));
  agent.once('error', (error) => failure.abort(error));
  try {
    return await use(results, agent);
  } finally {
    await ended(agent);
    await client.endAsync();
  }
}

function subscriber(client: MqttClient, failed: AbortSignal): Results {
  const counts: number[] = [];
  let waiting: { resolve(count: number): void; reject(reason: unknown): void } | undefined;
  client.on('message', (_topic, payload) => {
    const { predictions } = JSON.parse(payload.toString()) as { predictions: unknown[] };
    if (waiting) waiting.resolve(predictions.length);
    else counts.push(predictions.length);
    waiting = undefined;
  });
  failed.addEventListener('abort', () => waiting?.reject(failed.reason), { once: true });
  return {
    async next() {
      failed.throwIfAborted();
      const count = counts.shift();
      if (count !== undefined) return count;
      let silence: NodeJS.Timeout | undefined;
      try {
        return await new Promise<number>((resolve, reject) => {
          waiting = { resolve, reject };
          silence = setTimeout(() => reject(new Error(`no result for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
        });
      } finally {
        clearTimeout(silence);
      }
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** True once something listens there; false after five seconds without. */
async function reachable(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connectTcp(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return true;
    await pause(50);
  }
  return false;
}
