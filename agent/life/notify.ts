/**
 * What systemd is told [sd_notify(3)]: ready, alive, stopping. Alive is said while the agent gets on, never by a timer alone, and
 * a bad network does not keep it from being said.
 */
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

type Send = (message: string) => void;

export class Notify {
  readonly #options: NotifyOptions;
  #send: Send | undefined;
  #close: (() => void) | undefined;
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
        await this.#open(socket);
        this.#send?.('READY=1\nSTATUS=running');
      } catch (error) {
        log.warn(`systemd can't be told that the agent is ready: ${messageOf(error)}`);
      }
    this.#timer = setInterval(() => this.#look(), watchdogMs === undefined ? LOOK_MS : watchdogMs / 3);
    this.#timer.unref();
    this.#look();
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#send?.('STOPPING=1');
    this.#close?.();
    this.#send = undefined;
  }

  #look(): void {
    const { trouble, log } = this.#options;
    const now = trouble();
    if (now !== undefined && now !== this.#trouble) log.error(`the agent does not get on: ${now}`);
    if (now === undefined) this.#send?.('WATCHDOG=1');
    else if (this.#trouble === undefined) this.#send?.(`STATUS=${now}`);
    this.#trouble = now;
  }

  /** The library is loaded only where systemd listens. */
  async #open(socket: string): Promise<void> {
    const { DgramSocket } = await import('node-unix-socket');
    const path = socket.startsWith('@') ? `\0${socket.slice(1)}` : socket;
    const dgram = new DgramSocket();
    dgram.on('error', () => undefined);
    this.#send = (message) => {
      const bytes = Buffer.from(message);
      dgram.sendTo(bytes, 0, bytes.length, path);
    };
    this.#close = () => dgram.close();
  }
}
