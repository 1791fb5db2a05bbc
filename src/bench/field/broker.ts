/** A broker that can be killed and started again at the same port, and a door before it that can be shut. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SnugError } from '../../errors/index.js';

export class KillableBroker {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly config: string,
  ) {}

  /** Mosquitto, which keeps nothing on disk: what it had not passed on when it is killed is gone. Throws `BENCH_SETUP`. */
  static async start(folder: string): Promise<KillableBroker> {
    const port = await freePort();
    const config = join(folder, `mosquitto-${port}.conf`);
    await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
    const broker = new KillableBroker(port, config);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    const child = spawn('mosquitto', ['-c', this.config], { stdio: 'ignore' });
    child.on('error', () => undefined);
    this.#child = child;
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null || child.pid === undefined) break;
      if (await reachable(this.port)) return;
      await pause(25);
    }
    throw new SnugError('BENCH_SETUP', 'mosquitto does not start; is it installed (apt-get install mosquitto)?');
  }

  async kill(): Promise<void> {
    await killed(this.#child);
  }
}

export type Weather = 'clear' | 'hanging' | 'slow' | 'late';

/** How late what the agent says reaches the broker in weather that is `late`. */
const LATE_MS = 2500;

/**
 * Passes bytes on; `shut` cuts what is open and refuses what comes, `hanging` passes nothing on and says nothing. What was said while it
 * was `late` reaches the broker even when its connection is gone, and after what a newer one says.
 */
export class Door {
  readonly #open = new Set<Socket>();
  readonly #near = new Set<Socket>();
  /** Bytes of each connection that are on their way. */
  readonly #late = new WeakMap<Socket, number>();
  #server: Server | undefined;
  #weather: Weather = 'clear';

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  static async before(target: number): Promise<Door> {
    return new Door(await freePort(), target);
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    if (weather === 'clear') for (const socket of this.#open) socket.resume();
  }

  async open(): Promise<void> {
    if (this.#server) return;
    const server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        this.#open.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#open.delete(from);
          if (this.#lateBytes(from) === 0) to.destroy();
        });
        from.on('data', (bytes) => this.#pass(from, to, bytes));
      }
      this.#near.add(near);
      near.on('close', () => this.#near.delete(near));
    });
    this.#server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Cuts the agent's side alone: the broker does not hear of it while something of it is still on its way. */
  cutNear(): void {
    for (const socket of this.#near) socket.destroy();
  }

  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#open) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #pass(from: Socket, to: Socket, bytes: Buffer): void {
    if (this.#weather === 'late' && this.#near.has(from)) {
      this.#passLate(from, to, bytes);
      return;
    }
    const delayMs = this.#weather === 'slow' ? 20 + bytes.length / 10 : 0;
    if (this.#weather === 'hanging') from.pause();
    if (delayMs === 0) to.write(bytes);
    else {
      from.pause();
      setTimeout(() => {
        to.write(bytes);
        if (this.#weather !== 'hanging') from.resume();
      }, delayMs);
    }
  }

  #passLate(from: Socket, to: Socket, bytes: Buffer): void {
    this.#late.set(from, this.#lateBytes(from) + bytes.length);
    setTimeout(() => {
      to.write(bytes);
      this.#late.set(from, this.#lateBytes(from) - bytes.length);
      if (from.destroyed && this.#lateBytes(from) === 0) to.end();
    }, LATE_MS);
  }

  #lateBytes(from: Socket): number {
    return this.#late.get(from) ?? 0;
  }
}

/** Kills a process and waits until it is gone. */
export async function killed(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function reachable(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}
