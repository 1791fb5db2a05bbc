/**
 * The agent's one way out: keeps a connection to the broker, says who is there, and brings results, events and command states
 * to it in order.
 *
 * Invariants: at most one connection at a time; its number is on disk before its CONNECT is sent, and stands in its will and
 * its status; `online` follows everything that it promises (info, capabilities, subscription); a result is taken off the queue
 * only when the broker has acknowledged it.
 */
import { messageOf } from '../../src/errors/index.js';
import { commandFilter, encode, encodeResult, type Payloads, topics } from '../../src/protocol/index.js';
import { type Clock, timestamp, within } from '../clock.js';
import type { MqttConfig } from '../config/index.js';
import type { Log } from '../log.js';
import type { PredictedRecord } from '../record.js';
import { Backoff } from './backoff.js';
import { readCredentials } from './credentials.js';
import { EventQueue } from './event-queue.js';
import { type IncomingMessage, Link, type NotDelivered, type PublishOptions } from './link.js';
import { inPlainWords } from './plain-words.js';
import { type ResultBatch, ResultQueue } from './result-queue.js';
import type { SessionCounter } from './session.js';

/** Result messages not acknowledged yet; beyond them records wait and share the next message. */
const RESULTS_IN_FLIGHT = 8;
/** So many waiting records hold the pipeline back while the link is up, until half of them are gone. */
const RECORDS_WAITING = 512;
/** A connection that lasted so long was a good one: the next try after it comes soon. */
const STABLE_MS = 5000;
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
  /** Whether a source's results carry the text. */
  readonly withText: (source: string) => boolean;
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
  readonly #results: ResultQueue;
  readonly #events: EventQueue;
  readonly #inFlight: ResultBatch[] = [];
  readonly #ending = new AbortController();
  #link: Link | undefined;
  #online = false;
  #statusDoubted = false;
  #correcting: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  #trouble: string | undefined;
  #roomAgain: (() => void) | undefined;
  #refused = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#topics = topics(options.device);
    this.#results = new ResultQueue(options.withText);
    this.#events = new EventQueue();
  }

  /** Starts to connect, and goes on trying for ever; does not wait for the first connection. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Sends what waits, says `offline` and ends the connection, all within two seconds, broker or not. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    const link = this.#link;
    if (link && this.#online) {
      await within(clock, FLUSH_MS, Promise.race([this.#drained(), link.closed]));
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

  /** Records that wait to be sent or acknowledged. */
  get waitingRecords(): number {
    return this.#inFlight.reduce((sum, { predictions }) => sum + predictions.length, this.#results.records);
  }

  /** Takes predictions. A promise comes back where the broker is slower than the model; it resolves when there is room. */
  publishResults(records: readonly PredictedRecord[]): Promise<void> | undefined {
    this.#results.add(records);
    this.#sendResults();
    if (!this.#online || this.#results.records < RECORDS_WAITING) return undefined;
    return new Promise((resolve) => {
      const before = this.#roomAgain;
      this.#roomAgain = () => {
        before?.();
        resolve();
      };
    });
  }

  /** Publishes an event, now or when the link is back. */
  event(kind: string, message: string, fields: Record<string, unknown> = {}): void {
    this.#events.add({ ...fields, v: 1, ts: timestamp(this.#options.clock), kind, message });
    this.#sendEvents();
  }

  /** Publishes telemetry, or not at all while offline or where the broker is slow. */
  telemetry(message: Payloads['telemetry']): void {
    if (this.#online) this.#link?.publishIfIdle(this.#topics.telemetry, encode('telemetry', message));
  }

  /** Publishes with QoS 1; false where it did not arrive. For answers to commands, which keep themselves what was not said. */
  async publish(topic: string, payload: string, options?: PublishOptions): Promise<boolean> {
    try {
      if (!this.#link) return false;
      await this.#link.publish(topic, payload, options);
      return true;
    } catch (error) {
      this.#options.log.debug({ topic, reason: messageOf(error) }, 'a message was not delivered');
      return false;
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const backoff = new Backoff(clock.random);
    let numberUsed = true;
    while (!this.#ending.signal.aborted) {
      if (numberUsed) await this.#nextSession();
      const link = new Link(await this.#linkOptions());
      this.#link = link;
      let onlineAtMs: number | undefined;
      try {
        if (this.#ending.signal.aborted) return;
        await link.open();
        await this.#announce(link);
        onlineAtMs = clock.now();
        this.#cameOnline(link);
        const why = await link.closed;
        if (!this.#ending.signal.aborted) this.#report(why ?? new Error('the connection was closed'));
      } catch (error) {
        if (!this.#ending.signal.aborted) this.#report(error);
        link.destroy();
      }
      // Where the broker may have seen the will, this number is taken; one that never left this machine is tried again.
      numberUsed = link.reached;
      this.#wentOffline();
      if (onlineAtMs !== undefined && clock.now() - onlineAtMs >= STABLE_MS) backoff.reset();
      await clock.sleep(backoff.nextMs(), this.#ending.signal);
    }
  }

  async #nextSession(): Promise<void> {
    try {
      await this.#options.session.next();
    } catch (error) {
      this.#options.log.error(`the session's number can't be kept on disk: ${messageOf(error)}`);
    }
  }

  async #linkOptions() {
    const { device, mqtt, log, onCommand } = this.#options;
    const credentials = await readCredentials(mqtt).catch((error: unknown) => {
      log.error(messageOf(error)); // they were readable at the start; without them the broker says what it thinks
      return {};
    });
    return {
      url: mqtt.url,
      clientId: device,
      keepaliveS: mqtt.keepaliveS,
      connectTimeoutMs: mqtt.connectTimeoutMs,
      credentials,
      will: { topic: this.#topics.status, payload: this.#status('offline') },
      onMessage: (message: IncomingMessage) => {
        if (message.topic === this.#topics.status) this.#readOwnStatus(message.payload);
        else onCommand(message);
      },
    };
  }

  #status(state: 'online' | 'offline'): string {
    const { clock, session } = this.#options;
    return encode('status', { v: 1, ts: timestamp(clock), state, session: session.current });
  }

  /** Everything that `online` promises, and then `online`. */
  async #announce(link: Link): Promise<void> {
    const { device, announcements } = this.#options;
    await Promise.all([
      link.subscribe(commandFilter(device), { noLocal: true }),
      link.subscribe(this.#topics.status), // not noLocal: a will of ours before counts as our own
    ]);
    await Promise.all(announcements().map(({ topic, payload }) => link.publish(topic, payload, { retain: true })));
    await link.publish(this.#topics.status, this.#status('online'), { retain: true });
  }

  /** Another connection's will, or someone's mistake, may have written over our status: it is said again. */
  #readOwnStatus(payload: Buffer): void {
    if (!this.#online || this.#ending.signal.aborted) return;
    if (/"state"\s*:\s*"online"/.test(payload.toString('utf8', 0, 4096))) return;
    this.#statusDoubted = true;
    this.#correcting ??= this.#correctStatus().finally(() => {
      this.#correcting = undefined;
    });
  }

  async #correctStatus(): Promise<void> {
    while (this.#statusDoubted && this.#online && !this.#ending.signal.aborted) {
      this.#statusDoubted = false;
      this.#options.log.info('someone said that this device is offline; it says again that it is online');
      await this.publish(this.#topics.status, this.#status('online'), { retain: true });
    }
  }

  #cameOnline(link: Link): void {
    const { log, mqtt, session, onOnline } = this.#options;
    if (this.#link !== link) return;
    this.#online = true;
    this.#trouble = undefined;
    log.info({ session: session.current }, `online at ${mqtt.url}`);
    const dropped = this.#results.takeDropped();
    if (dropped > 0)
      this.event('records-dropped', `${dropped} results were dropped while the broker was out of reach`, {
        count: dropped,
        cause: 'offline',
      });
    onOnline();
    this.#sendEvents();
    this.#sendResults();
  }

  #wentOffline(): void {
    this.#online = false;
    this.#link = undefined;
    this.#results.giveBack(this.#inFlight.splice(0));
    this.#makeRoom(); // offline nobody waits: the queue drops its oldest instead
  }

  /** One line a change, not a line a try. */
  #report(error: unknown): void {
    const trouble = inPlainWords(this.#options.mqtt.url, error);
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.log.warn(`${trouble}; trying again`);
  }

  #sendResults(): void {
    while (this.#online && this.#link && this.#inFlight.length < RESULTS_IN_FLIGHT) {
      const batch = this.#results.take();
      if (!batch) break;
      this.#inFlight.push(batch);
      this.#sendResult(this.#link, batch);
    }
    if (this.#results.records <= RECORDS_WAITING / 2) this.#makeRoom();
  }

  #sendResult(link: Link, batch: ResultBatch): void {
    const { clock, session } = this.#options;
    const payload = encodeResult(timestamp(clock), session.current, batch.predictions);
    link.publish(this.#topics.result(batch.source), payload).then(
      () => this.#sent(batch),
      (error: NotDelivered) => {
        if (!error.refused) return; // the connection ended: it goes back into the queue there
        this.#sent(batch);
        this.#resultsRefused(batch, error.message);
      },
    );
  }

  #sent(batch: ResultBatch): void {
    const at = this.#inFlight.indexOf(batch);
    if (at >= 0) this.#inFlight.splice(at, 1);
    this.#sendResults();
    if (this.waitingRecords === 0) this.#nothingWaits?.();
  }

  #nothingWaits: (() => void) | undefined;

  #drained(): Promise<void> {
    if (this.waitingRecords === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#nothingWaits = resolve;
    });
  }

  /** The broker said no to a message: trying again would not help. Told at the first, and then at ten times as many. */
  #resultsRefused({ source, predictions }: ResultBatch, reason: string): void {
    const before = this.#refused;
    this.#refused += predictions.length;
    if (before > 0 && Math.floor(Math.log10(before)) === Math.floor(Math.log10(this.#refused))) return;
    this.#options.log.error({ source, count: this.#refused }, `the broker refused results: ${reason}`);
    this.event('records-dropped', `the broker refused results: ${reason}`, {
      count: this.#refused,
      cause: 'refused',
      source,
    });
  }

  #makeRoom(): void {
    this.#roomAgain?.();
    this.#roomAgain = undefined;
  }

  #sendEvents(): void {
    if (!this.#online || !this.#link) return;
    const link = this.#link;
    const session = this.#options.session.current;
    this.#events
      .send((event) => link.publish(this.#topics.event, encode('event', { ...event, session })))
      .catch((error: unknown) => this.#options.log.debug(`events wait: ${messageOf(error)}`));
  }
}
