/**
 * The agent's one way out: keeps a connection to the broker, says who is there, lends the connection to the outbox, and brings
 * command states to the broker.
 *
 * Invariants: at most one connection at a time; its number is on disk before its CONNECT is sent, and stands in its will and
 * its status; `online` follows everything that it promises (info, capabilities, subscription), and the outbox's results follow it.
 */
import { messageOf } from '../../src/errors/index.js';
import { commandFilter, encode, type Payloads, topics } from '../../src/protocol/index.js';
import { type Clock, timestamp, within } from '../clock.js';
import type { MqttConfig } from '../config/index.js';
import type { Log } from '../log.js';
import type { Carrier } from '../outbox/index.js';
import { Backoff } from './backoff.js';
import { type Credentials, readCredentials } from './credentials.js';
import { type IncomingMessage, Link, NotDelivered, type Published, type PublishOptions } from './link.js';
import { OwnStatus } from './own-status.js';
import type { SessionCounter } from './session.js';
import { Trouble } from './trouble.js';

/** A connection that lasted so long was a good one: the next try after it comes soon. */
const STABLE_MS = 5000;
/** How often the files of a connection are looked at: renewed certificates are taken over without a restart. */
const RENEWAL_LOOK_MS = 60_000;
/** What the last words before an end may take: results, the status, the DISCONNECT. */
const FLUSH_MS = 1200;
const FAREWELL_MS = 800;

/** A retained message that is published anew at every connection. */
export interface Announcement {
  readonly topic: string;
  readonly payload: string;
}

export interface UplinkOptions {
  readonly device: string;
  readonly mqtt: MqttConfig;
  readonly session: SessionCounter;
  readonly clock: Clock;
  readonly log: Log;
  /** What waits for a connection; it is carried while there is one. */
  readonly outbox: {
    carry(carrier: Carrier): void;
    rest(): void;
    drained(): Promise<void>;
    telemetry(message: Payloads['telemetry']): void;
  };
  /** Info and capabilities, at every connection. */
  readonly announcements: () => readonly Announcement[];
  /** A message on a command's topic. */
  readonly onCommand: (message: IncomingMessage) => void;
  /** The link is up and `online` is said. */
  readonly onOnline: () => void;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #topics: ReturnType<typeof topics>;
  readonly #ending = new AbortController();
  #link: Link | undefined;
  #online = false;
  #statusDoubted = false;
  /** By whom: the broker, with a will of ours, or someone else. */
  #doubtedBy: 'will' | 'someone' = 'someone';
  #wasOnline = false;
  readonly #ownStatus: OwnStatus;
  #correcting: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  readonly #trouble: Trouble;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#topics = topics(options.device);
    const { device, mqtt, clock, log } = options;
    this.#ownStatus = new OwnStatus(clock.now());
    this.#trouble = new Trouble({ url: mqtt.url, device, clock, log });
  }

  /** Starts to connect, and goes on trying for ever; does not wait for the first connection. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Sends what is live, says `offline` and ends the connection, all within two seconds, broker or not. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    const link = this.#link;
    if (link && this.#online) {
      await within(clock, FLUSH_MS, Promise.race([this.#options.outbox.drained(), link.closed]));
      this.#ending.abort();
      const farewell = link
        .publish(this.#topics.status, this.#status('offline'), { retain: true })
        .catch(() => undefined)
        .then(() => link.end())
        .then(() => link.closed);
      await within(clock, FAREWELL_MS, farewell);
    }
    this.#ending.abort();
    this.#link?.destroy();
    await this.#loop;
  }

  get online(): boolean {
    return this.#online;
  }

  /** Publishes telemetry; while offline the outbox keeps some of it, and a slow broker gets none. */
  telemetry(message: Payloads['telemetry']): void {
    if (this.#online) this.#link?.publishIfIdle(this.#topics.telemetry, encode('telemetry', message));
    else this.#options.outbox.telemetry(message);
  }

  /** Publishes with QoS 1. For answers to commands, which keep themselves what was not said. */
  async publish(topic: string, payload: string, options?: PublishOptions): Promise<Published> {
    try {
      if (!this.#link) return 'not yet';
      await this.#link.publish(topic, payload, options);
      return 'arrived';
    } catch (error) {
      this.#options.log.debug({ topic, reason: messageOf(error) }, 'a message was not delivered');
      return error instanceof NotDelivered && error.refused ? 'refused' : 'not yet';
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const backoff = new Backoff(clock.random);
    let numberUsed = true;
    while (!this.#ending.signal.aborted) {
      if (numberUsed) await this.#nextSession();
      const credentials = await this.#credentials();
      const link = new Link(this.#linkOptions(credentials));
      this.#link = link;
      let onlineAtMs: number | undefined;
      let renewed = false;
      try {
        if (this.#ending.signal.aborted) return;
        await link.open();
        await this.#announce(link);
        onlineAtMs = clock.runMs();
        this.#cameOnline(link);
        void this.#renewal(credentials, link).then((isRenewed) => {
          renewed = isRenewed;
        });
        const why = await link.closed;
        if (!this.#ending.signal.aborted && !renewed) this.#trouble.tell(why);
      } catch (error) {
        if (!this.#ending.signal.aborted) this.#trouble.tell(link.why ?? error);
        link.destroy();
      }
      // Where the broker may have seen the will, this number is taken; one that never left this machine is tried again.
      numberUsed = link.reached;
      this.#wentOffline();
      if (onlineAtMs !== undefined && clock.runMs() - onlineAtMs >= STABLE_MS) backoff.reset();
      if (!renewed) await clock.sleep(backoff.nextMs(), this.#ending.signal);
    }
  }

  /** Ends the connection once the files that it was made with are others; true then, false where it ends before. */
  async #renewal(credentials: Credentials, link: Link): Promise<boolean> {
    const { mqtt, clock, log } = this.#options;
    if (!mqtt.ca && !mqtt.cert && !mqtt.passwordFile) return false;
    const before = JSON.stringify(credentials);
    const over = new AbortController();
    void link.closed.then(() => over.abort());
    for (;;) {
      await clock.sleep(RENEWAL_LOOK_MS, over.signal);
      if (over.signal.aborted) return false;
      // Half-written ones can't be read, and are looked at again.
      const now = await readCredentials(mqtt).then(JSON.stringify, () => before);
      if (now === before || over.signal.aborted) continue;
      log.info('certificates or password were renewed; the connection is made anew with them');
      link.end();
      return true;
    }
  }

  async #nextSession(): Promise<void> {
    try {
      await this.#options.session.next();
    } catch (error) {
      this.#options.log.error(`the session's number can't be kept on disk: ${messageOf(error)}`);
    }
  }

  /** They were readable at the start; without them the broker says what it thinks. */
  async #credentials(): Promise<Credentials> {
    return await readCredentials(this.#options.mqtt).catch((error: unknown) => {
      this.#options.log.error(messageOf(error));
      return {};
    });
  }

  #linkOptions(credentials: Credentials) {
    const { device, mqtt, onCommand } = this.#options;
    return {
      url: mqtt.url,
      clientId: device,
      keepaliveS: mqtt.keepaliveS,
      connectTimeoutMs: mqtt.connectTimeoutMs,
      credentials,
      will: { topic: this.#topics.status, payload: this.#status('offline') },
      onMessage: (message: IncomingMessage) => {
        if (message.topic === this.#topics.status) this.#readOwnStatus(message);
        else onCommand(message);
      },
    };
  }

  #status(state: 'online' | 'offline'): string {
    const { clock, session } = this.#options;
    const status = { v: 1, ts: timestamp(clock), state, session: session.current } as const;
    this.#ownStatus.remember(status);
    return encode('status', status);
  }

  /** Everything that `online` promises, and then `online`. */
  async #announce(link: Link): Promise<void> {
    const { device, announcements } = this.#options;
    await Promise.all([
      link.subscribe(commandFilter(device), { noLocal: true }),
      link.subscribe(this.#topics.status), // not noLocal: a will of ours before counts as our own
    ]);
    await Promise.all(announcements().map(({ topic, payload }) => link.publish(topic, payload, { retain: true })));
    this.#statusDoubted = false; // what was said before is overwritten now
    await link.publish(this.#topics.status, this.#status('online'), { retain: true });
  }

  /** Another connection's will, or someone's mistake, may have written over our status: it is said again. */
  #readOwnStatus({ payload, retained }: IncomingMessage): void {
    if (this.#ending.signal.aborted) return;
    const { state, author } = this.#ownStatus.read(payload);
    // Once this process was online, what it finds at a new connection is its own, or of an agent that was there in between.
    if (retained && author === 'another' && this.#wasOnline) this.#trouble.takenOver();
    if (state === 'online') return;
    this.#statusDoubted = true;
    this.#doubtedBy = author === 'self' ? 'will' : 'someone';
    this.#correctIfDoubted();
  }

  #correctIfDoubted(): void {
    if (!this.#online || !this.#statusDoubted) return;
    this.#correcting ??= this.#correctStatus().finally(() => {
      this.#correcting = undefined;
    });
  }

  async #correctStatus(): Promise<void> {
    while (this.#statusDoubted && this.#online && !this.#ending.signal.aborted) {
      this.#statusDoubted = false;
      this.#options.log.info(
        this.#doubtedBy === 'will'
          ? 'the broker published the will of this agent, as it does when it shuts down; the agent says again that it is online'
          : 'someone said that this device is offline; it says again that it is online',
      );
      await this.publish(this.#topics.status, this.#status('online'), { retain: true });
    }
  }

  #cameOnline(link: Link): void {
    const { log, mqtt, session, outbox, onOnline } = this.#options;
    if (this.#link !== link) return;
    this.#online = true;
    this.#wasOnline = true;
    this.#trouble.over();
    log.info({ session: session.current }, `online at ${mqtt.url}`);
    outbox.carry({
      session: session.current,
      mostBytes: (source) => link.mostBytes(this.#topics.result(source)),
      publish: (kind, source, payload) =>
        link.publish(kind === 'result' ? this.#topics.result(source) : this.#topics[kind], payload),
    });
    onOnline();
    this.#correctIfDoubted();
  }

  #wentOffline(): void {
    this.#online = false;
    this.#link = undefined;
    this.#options.outbox.rest();
  }
}
