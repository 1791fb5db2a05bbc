/**
 * What systemd is told [sd_notify(3)]: ready, alive, stopping. Alive is said while the agent gets on, never by a timer alone, and
 * a bad network does not keep it from being said. Node has no sockets for it, so systemd's own program says it: the unit needs
 * `NotifyAccess=all`.
 */
import { spawn } from 'node:child_process';
import { messageOf } from '../../src/errors/index.js';
import type { Log } from '../log.js';

export interface NotifyOptions {
  /** `NOTIFY_SOCKET`; where it is not set, nothing is said. */
  readonly socket: string | undefined;
  /** `WATCHDOG_USEC`: without a word for so long, systemd ends and restarts us. */
  readonly watchdogMs: number | undefined;
  /** What keeps the agent from getting on; undefined where nothing does. */
  readonly trouble: () => string | undefined;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** How often the agent is looked at where systemd wants no word. */
const LOOK_MS = 10_000;

export class Notify {
  readonly #options: NotifyOptions;
  #saying: Promise<void> = Promise.resolve();
  #warned = false;
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;

  constructor(options: NotifyOptions) {
    this.#options = options;
  }

  /** Says that the agent is ready, and from now on that it is alive. */
  ready(): void {
    const { watchdogMs } = this.#options;
    this.#say('READY=1', 'STATUS=running');
    this.#timer = setInterval(() => this.#look(), watchdogMs === undefined ? LOOK_MS : watchdogMs / 3);
    this.#timer.unref();
    this.#look();
  }

  /** Resolves when systemd has heard that the agent ends. */
  async stopping(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#say('STOPPING=1');
    await this.#saying;
  }

  #look(): void {
    const { trouble, log } = this.#options;
    const now = trouble();
    if (now !== undefined && now !== this.#trouble) log.error(`the agent does not get on: ${now}`);
    if (now === undefined) {
      if (this.#options.watchdogMs !== undefined) this.#say('WATCHDOG=1');
    } else if (this.#trouble === undefined) this.#say(`STATUS=${now}`);
    this.#trouble = now;
  }

  /** In order, one after the other. */
  #say(...words: string[]): void {
    const { socket } = this.#options;
    if (socket === undefined) return;
    this.#saying = this.#saying.then(
      () =>
        new Promise((resolve) => {
          const child = spawn('systemd-notify', words, {
            stdio: 'ignore',
            env: { ...process.env, NOTIFY_SOCKET: socket },
          });
          child.once('error', (error) => this.#failed(messageOf(error), resolve));
          child.once('exit', (code) => (code === 0 ? resolve() : this.#failed(`it ended with ${code}`, resolve)));
        }),
    );
  }

  #failed(why: string, resolve: () => void): void {
    if (!this.#warned) this.#options.log.warn(`systemd can't be told how the agent is: systemd-notify: ${why}`);
    this.#warned = true;
    resolve();
  }
}
