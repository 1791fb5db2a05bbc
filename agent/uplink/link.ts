/**
 * One MQTT 5 connection, from CONNECT to its end. It is never reused: the next connection has a will and a session number of
 * its own, and what was not acknowledged is given back to whoever published it.
 */
import { createRequire } from 'node:module';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { IConnackPacket, IPublishPacket, MqttClient as MqttClientType } from 'mqtt';
import { messageOf } from '../../src/errors/index.js';
import type { Credentials } from './credentials.js';

// As CommonJS: through the ES module loader it costs 6 MB more of anonymous RSS.
const { MqttClient } = createRequire(import.meta.url)('mqtt') as typeof import('mqtt');

/** Longer packets are not sent to us by a broker that keeps to the specification. Above the contract's 256 KiB. */
const LONGEST_PACKET_BYTES = 1024 * 1024;
/** Acknowledgements waited for at a time, where the broker does not say less [MQTT 5, 3.2.2.3.3]. */
const MOST_IN_FLIGHT = 16;
/** Server unavailable, server busy, quota exceeded [MQTT 5, 2.4]. */
const NO_ROOM_NOW: readonly unknown[] = [136, 137, 151];
/** A broker that reads so slowly gets no messages of QoS 0. */
const MOST_UNWRITTEN_BYTES = 64 * 1024;

export interface LinkOptions {
  readonly url: string;
  readonly clientId: string;
  readonly keepaliveS: number;
  readonly connectTimeoutMs: number;
  readonly credentials: Credentials;
  readonly will: { readonly topic: string; readonly payload: string };
  readonly onMessage: (message: IncomingMessage) => void;
}

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** True where the broker had kept it before we subscribed. */
  readonly retained: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface PublishOptions {
  readonly retain?: boolean;
  readonly correlationData?: Buffer;
}

/** A message that was not delivered. `refused`: the broker said no to this one; otherwise the connection ended. */
export class NotDelivered extends Error {
  constructor(
    message: string,
    readonly refused: boolean,
  ) {
    super(message);
  }
}

/** What became of a message: `refused` by the broker, for good; `not yet` where there is no connection, or it ended first. */
export type Published = 'arrived' | 'refused' | 'not yet';

interface Waiting {
  readonly topic: string;
  readonly payload: string;
  readonly options: PublishOptions;
  readonly resolve: () => void;
  readonly reject: (error: NotDelivered) => void;
}

export class Link {
  /** Resolves when the connection has ended, with why; undefined where we ended it. */
  readonly closed: Promise<unknown>;
  /** True once the socket was connected: the broker may have seen our CONNECT, and so our will. */
  reached = false;
  #client: MqttClientType | undefined;
  #socket: Socket | undefined;
  #waiting: Waiting[] = [];
  readonly #unacknowledged = new Set<Waiting>();
  #window = MOST_IN_FLIGHT;
  #longestPacketBytes = Number.POSITIVE_INFINITY;
  #why: unknown;
  #destroyed = false;
  #tellClosed: (why: unknown) => void = () => undefined;

  constructor(private readonly options: LinkOptions) {
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
  }

  /** Connects. Rejects with whatever ended the try. */
  async open(): Promise<void> {
    const { options } = this;
    const tls = options.url.startsWith('mqtts:') ? await import('node:tls') : undefined;
    if (this.#destroyed) throw new Error('ended before it began');
    const client = new MqttClient(() => this.#connectSocket(tls), {
      protocolVersion: 5,
      clientId: options.clientId,
      username: options.credentials.username,
      password: options.credentials.password,
      // A new session each time: capabilities, subscriptions and state are announced anew, commands are retained, and the
      // broker publishes the will of a connection that is taken over, before it answers the one that takes over [MQTT-3.1.4-3].
      clean: true,
      keepalive: options.keepaliveS,
      reconnectPeriod: 0,
      connectTimeout: options.connectTimeoutMs,
      resubscribe: false,
      queueQoSZero: false,
      writeCache: false, // a table of all 65,536 numbers as buffers: 10 MB to save some microseconds
      timerVariant: 'native',
      will: { topic: options.will.topic, payload: Buffer.from(options.will.payload), qos: 1, retain: true },
      properties: { sessionExpiryInterval: 0, maximumPacketSize: LONGEST_PACKET_BYTES },
    });
    this.#client = client;
    await new Promise<void>((resolve, reject) => {
      client.on('connect', (connack) => {
        this.#limits(connack);
        resolve();
      });
      client.on('error', (error) => {
        this.#why ??= error.message === 'connack timeout' ? new Error(this.#timeoutWords()) : error;
        if (!client.connected) this.destroy();
      });
      client.on('disconnect', ({ reasonCode }) => {
        this.#why ??= Object.assign(new Error('the broker ended the connection'), { code: reasonCode });
        this.destroy();
      });
      client.on('close', () => {
        reject(this.#why ?? new Error('the broker closed the connection without an answer'));
        this.#ended();
      });
      client.on('message', (topic, payload, packet) => options.onMessage(incoming(topic, payload, packet)));
    });
  }

  /** Subscribes with QoS 1. `noLocal`: what we publish ourselves is not sent back. */
  async subscribe(filter: string, { noLocal = false } = {}): Promise<void> {
    await this.#client?.subscribeAsync(filter, { qos: 1, nl: noLocal });
  }

  /** The longest payload that the broker takes on a topic. */
  mostBytes(topic: string): number {
    return this.#longestPacketBytes - overheadOf(topic);
  }

  /** Publishes with QoS 1; resolves when the broker has it. Rejects with NotDelivered. */
  publish(topic: string, payload: string, options: PublishOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (Buffer.byteLength(payload) > this.mostBytes(topic))
        reject(new NotDelivered(`the broker takes ${this.#longestPacketBytes} bytes at most`, true));
      else if (!this.#client?.connected) reject(new NotDelivered('not connected', false));
      else {
        this.#waiting.push({ topic, payload, options, resolve, reject });
        this.#send();
      }
    });
  }

  /** Publishes with QoS 0, or not at all where the broker is slow. */
  publishIfIdle(topic: string, payload: string): void {
    if (this.#client?.connected && (this.#socket?.writableLength ?? 0) < MOST_UNWRITTEN_BYTES)
      this.#client.publish(topic, payload, { qos: 0 });
  }

  /** Why the connection ends, as far as that is known before it has ended. */
  get why(): unknown {
    return this.#why;
  }

  /** Messages that are not acknowledged yet. */
  get pending(): number {
    return this.#waiting.length + this.#unacknowledged.size;
  }

  /** Ends the connection properly: the broker forgets the will. */
  end(): void {
    this.#client?.end(false);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#destroyed = true;
    this.#client?.end(true);
    this.#socket?.destroy();
  }

  #connectSocket(tls: typeof import('node:tls') | undefined): Socket {
    const { hostname, port } = new URL(this.options.url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const { ca, cert, key } = this.options.credentials;
    const at = { host, port: Number(port) || (tls ? 8883 : 1883) };
    const socket = tls
      ? tls.connect({ ...at, ca, cert, key, servername: isIP(host) ? '' : host, minVersion: 'TLSv1.2' })
      : connectTcp(at);
    socket.setNoDelay(true);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      this.reached = true;
    });
    this.#socket = socket;
    return socket;
  }

  #timeoutWords(): string {
    const { connectTimeoutMs } = this.options;
    if (!this.reached) return `no connection within ${connectTimeoutMs} ms`;
    return `it took the connection but did not answer within ${connectTimeoutMs} ms; is it an MQTT broker?`;
  }

  #limits({ properties }: IConnackPacket): void {
    this.#window = Math.min(MOST_IN_FLIGHT, properties?.receiveMaximum ?? MOST_IN_FLIGHT);
    this.#longestPacketBytes = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  }

  #send(): void {
    while (this.#unacknowledged.size < this.#window) {
      const next = this.#waiting.shift();
      if (!next) return;
      const { topic, payload, options, resolve, reject } = next;
      this.#unacknowledged.add(next);
      const { correlationData, retain } = options;
      const properties = correlationData && { correlationData };
      this.#client?.publish(topic, payload, { qos: 1, retain, ...(properties && { properties }) }, (error) => {
        if (!this.#unacknowledged.delete(next)) return;
        if (error && isForNow(error)) {
          this.#why ??= error;
          this.destroy();
        }
        if (error) reject(new NotDelivered(messageOf(error), !isForNow(error) && typeof codeOf(error) === 'number'));
        else resolve();
        this.#send();
      });
    }
  }

  #ended(): void {
    const undelivered = [...this.#unacknowledged, ...this.#waiting];
    this.#unacknowledged.clear();
    this.#waiting = [];
    for (const { reject } of undelivered) reject(new NotDelivered('the connection ended', false));
    this.#tellClosed(this.#why);
  }
}

/** Bytes of a PUBLISH packet beside its payload, at most. */
const overheadOf = (topic: string) => Buffer.byteLength(topic) + 64;

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** A broker that has no room now says nothing against the message: it is sent again over the next connection. */
function isForNow(error: Error): boolean {
  return NO_ROOM_NOW.includes(codeOf(error));
}

function incoming(topic: string, payload: Buffer, { properties, retain }: IPublishPacket): IncomingMessage {
  return {
    topic,
    payload,
    retained: retain,
    responseTopic: properties?.responseTopic,
    correlationData: properties?.correlationData,
  };
}
