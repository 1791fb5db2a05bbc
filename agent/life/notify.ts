/**
 * What systemd is told [sd_notify(3)]: ready, alive, stopping. Alive is said while the agent gets on, never by a timer alone, and
 * a bad network does not keep it from being said.
 */
import { messageOf } from '../../src/errors/index.js';
import type { Log } from '../log.js';
import { type Datagrams, datagramsTo } from './datagrams.js';

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
const ALIVE = 'WATCHDOG=1';

export class Notify {
  readonly #options: NotifyOptions;
  #datagrams: Datagrams | undefined;
  readonly #unsaid: string[] = [];
  #failed = false;
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;

  constructor(options: NotifyOptions) {
    this.#options = options;
  }

  /** Says that the agent is ready, and from now on that it is alive. */
  async ready(): Promise<void> {
    const { socket, watchdogMs, log } = this.#options;
    if (socket !== undefined)
      try {
        this.#datagrams = await datagramsTo(socket);
      } catch (error) {
        log.warn(`systemd can't be told how the agent does: ${messageOf(error)}`);
      }
    this.#say('READY=1', 'STATUS=running');
    this.#timer = setInterval(() => this.#look(), watchdogMs === undefined ? LOOK_MS : watchdogMs / 3);
    this.#timer.unref();
    this.#look();
  }

  stopping(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#say('STOPPING=1');
    this.#datagrams?.close();
    this.#datagrams = undefined;
  }

  #look(): void {
    const { trouble, log } = this.#options;
    const now = trouble();
    if (now !== undefined && now !== this.#trouble) log.error(`the agent does not get on: ${now}`);
    if (now === undefined) {
      if (this.#options.watchdogMs !== undefined) this.#say(ALIVE);
    } else if (this.#trouble === undefined) this.#say(`STATUS=${now}`);
    this.#trouble = now;
  }

  /** That we are alive is said again soon; all else is said once, and is tried again until it has been. */
  #say(...assignments: readonly string[]): void {
    const said = assignments.join('\n');
    if (said !== ALIVE || this.#unsaid.length === 0) this.#unsaid.push(said);
    try {
      for (let next = this.#unsaid.at(0); next !== undefined && this.#datagrams; next = this.#unsaid.at(0)) {
        this.#datagrams.send(next);
        this.#unsaid.shift();
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#options.log.warn(`systemd can't be told how the agent does: ${messageOf(error)}`);
      this.#failed = true;
    }
  }
}
