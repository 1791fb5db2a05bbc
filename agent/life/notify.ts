/**
 * What systemd is told [sd_notify(3)]: ready, alive, stopping. Alive is said while the agent gets on, never by a timer alone, and
 * a bad network does not keep it from being said. Node has no datagrams to Unix sockets, so systemd's own program says it: the unit
 * needs `NotifyAccess=all`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../src/errors/index.js';
import type { Log } from '../log.js';

export interface NotifyOptions {
  /** `NOTIFY_SOCKET`. */
  readonly socket: string | undefined;
  /** `WATCHDOG_USEC`: without a word for so long, systemd ends and restarts us. */
  readonly watchdogMs: number | undefined;
  /** What keeps the agent from getting on; undefined where nothing does. */
  readonly trouble: () => string | undefined;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** How often the agent is looked at where systemd wants no word. */
const LOOK_MS = 10_000;

/** Comes with systemd. */
const PROGRAM = 'systemd-notify';
const LONGEST_MS = 5000;

const run = promisify(execFile);

export class Notify {
  readonly #options: NotifyOptions;
  #said: Promise<void> = Promise.resolve();
  /** Words on their way: alive need not be said behind others. */
  #waiting = 0;
  #failed = false;
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;

  constructor(options: NotifyOptions) {
    this.#options = options;
  }

  /** Says that the agent is ready, and from now on that it is alive. */
  async ready(): Promise<void> {
    const { watchdogMs } = this.#options;
    await this.#say('READY=1', 'STATUS=running');
    this.#timer = setInterval(() => this.#look(), watchdogMs === undefined ? LOOK_MS : watchdogMs / 3);
    this.#timer.unref();
    this.#look();
  }

  stopping(): Promise<void> {
    clearInterval(this.#timer);
    return this.#say('STOPPING=1');
  }

  #look(): void {
    const { trouble, log } = this.#options;
    const now = trouble();
    if (now !== undefined && now !== this.#trouble) log.error(`the agent does not get on: ${now}`);
    if (now === undefined && this.#waiting === 0) void this.#say('WATCHDOG=1');
    else if (now !== undefined && this.#trouble === undefined) void this.#say(`STATUS=${now}`);
    this.#trouble = now;
  }

  /** One after the other, so that systemd hears them in their order. */
  #say(...assignments: readonly string[]): Promise<void> {
    const { socket, log } = this.#options;
    if (socket === undefined) return Promise.resolve();
    this.#waiting++;
    this.#said = this.#said.then(async () => {
      try {
        await run(PROGRAM, assignments, { env: { ...process.env, NOTIFY_SOCKET: socket }, timeout: LONGEST_MS });
        this.#failed = false;
      } catch (error) {
        if (!this.#failed) log.warn(`systemd can't be told how the agent does: ${messageOf(error).split('\n')[0]}`);
        this.#failed = true;
      }
      this.#waiting--;
    });
    return this.#said;
  }
}
