/** An agent as a process of its own with a broker, a door between them, a consumer, and files that it follows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { SnugError } from '../../errors/index.js';
import type { ControlGroup } from '../control-group.js';
import { Door, KillableBroker, killed } from './broker.js';
import { type Account, Consumer } from './consumer.js';

export const DEVICE = 'board';
/** The source that faults are held against. */
export const SOURCE = 'log';

export interface BoardOptions {
  /** Where everything of this board is kept. */
  readonly folder: string;
  /** How the agent is started, without its arguments. */
  readonly program: readonly [string, ...string[]];
  readonly bundle: string;
  readonly profile?: string;
  /** Sections of the configuration laid over the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: a folder below. */
  readonly stateDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A control group that the agent runs in. */
  readonly group?: ControlGroup;
  readonly texts: readonly string[];
}

/** The built program, for a board of a benchmark. */
export const programOf = (packageRoot: string): [string, ...string[]] => [
  process.execPath,
  join(packageRoot, 'dist/src/cli/main.js'),
];

export class Board {
  readonly sent: string[] = [];
  readonly stateDir: string;
  #agent: ChildProcess | undefined;
  #said = '';
  #feeding = false;
  #feeder: Promise<void> | undefined;

  private constructor(
    private readonly options: BoardOptions,
    readonly broker: KillableBroker,
    readonly door: Door,
    readonly consumer: Consumer,
    private readonly config: string,
  ) {
    this.stateDir = options.stateDir ?? join(options.folder, 'state');
  }

  /** Everything but the agent is running then. Throws `BENCH_SETUP`. */
  static async make(options: BoardOptions): Promise<Board> {
    const { folder, bundle, profile = 'auto', config, stateDir = join(folder, 'state') } = options;
    await mkdir(folder, { recursive: true });
    const broker = await KillableBroker.start(folder);
    const door = await Door.before(broker.port);
    await door.open();
    const consumer = new Consumer(`mqtt://127.0.0.1:${broker.port}`, DEVICE);
    await consumer.listen();
    const file = join(folder, 'snug.yaml');
    await writeFile(join(folder, 'app.log'), '');
    const whole = {
      device: DEVICE,
      bundle,
      profile,
      stateDir,
      mqtt: { url: `mqtt://127.0.0.1:${door.port}`, keepaliveS: 5, connectTimeoutMs: 2000 },
      sources: { [SOURCE]: { kind: 'follow', path: join(folder, 'app.log'), publish: { text: true } } },
      ...config,
    };
    await writeFile(file, stringify(whole));
    return new Board(options, broker, door, consumer, file);
  }

  get pid(): number {
    return this.#agent?.pid ?? 0;
  }

  get running(): boolean {
    return this.#agent?.exitCode === null && this.#agent.signalCode === null;
  }

  /** The end of what the agent wrote to stderr. */
  get said(): string {
    return this.#said;
  }

  start(): void {
    const { program, env, group } = this.options;
    const [command, ...rest] = program;
    const launch = { command, args: [...rest, 'agent', '--config', this.config] };
    const { command: first, args } = group?.inside(launch) ?? launch;
    const child = spawn(first, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-4000);
    });
    this.#agent = child;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await killed(this.#agent, signal);
  }

  /** Resolves when the agent says that it is online. Throws `BENCH_CHILD`. */
  async online(limitMs = 60_000): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (this.consumer.state !== 'online') {
      if (performance.now() > endMs || !this.running)
        throw new SnugError('BENCH_CHILD', `the agent is not online: ${this.#said.slice(-600)}`);
      await pause(25);
    }
  }

  /** Kills the broker and the agent's way to it. */
  async killBroker(): Promise<void> {
    await this.broker.kill();
    await this.door.shut();
  }

  /** The consumer listens before the agent may come in: what arrives unheard would look like a loss. */
  async restartBroker(): Promise<void> {
    await this.broker.start();
    await this.consumer.listen();
    await this.door.open();
  }

  /** Writes lines to the followed file, so many a second, until `quiet`; never more than `ahead` before what has arrived. */
  feed(perSecond: number, ahead = Number.POSITIVE_INFINITY): void {
    this.#feeding = true;
    const everyMs = Math.max(10, 1000 / perSecond);
    const lines = Math.max(1, Math.round((perSecond * everyMs) / 1000));
    this.#feeder = (async () => {
      while (this.#feeding) {
        if (this.sent.length - this.consumer.count(SOURCE) < ahead) await this.say(lines);
        await pause(everyMs);
      }
    })();
  }

  async quiet(): Promise<void> {
    this.#feeding = false;
    await this.#feeder;
  }

  async say(count: number): Promise<void> {
    const { texts, folder } = this.options;
    const lines = Array.from({ length: count }, (_, i) => {
      const at = this.sent.length + i;
      return `${texts[at % texts.length]} number ${at}`;
    });
    this.sent.push(...lines);
    await appendFile(join(folder, 'app.log'), lines.map((line) => `${line}\n`).join(''));
  }

  /** Waits until everything that was said has come, and accounts for it. */
  async account(limitMs = 120_000): Promise<Account> {
    await this.consumer.until(SOURCE, this.sent.length, limitMs);
    await pause(500);
    return this.consumer.account(SOURCE, this.sent);
  }

  async end(): Promise<void> {
    await this.quiet();
    await this.kill('SIGTERM');
    await this.consumer.end();
    await this.door.shut();
    await this.broker.kill();
  }
}
