/**
 * Messages of a topic, of the agent's own broker or of another. The session is kept by the broker, and a message of QoS 1 is
 * acknowledged once its record is kept: what comes while the agent is away, or falls over, is sent again.
 */
import { createRequire } from 'node:module';
import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt';
import { messageOf } from '../../src/errors/index.js';
import { Retry } from './retry.js';
import type { ReadPosition, Source, SourceSink } from './source.js';

/** Longer messages are not sent to us by a broker that keeps to the specification. */
const LONGEST_PACKET_BYTES = 1024 * 1024;
/** Messages sent to us that are not acknowledged yet; after a crash so many may come again. */
const MOST_IN_FLIGHT = 64;
const LONGEST_PAUSE_MS = 30_000;
const DEFAULT_SESSION_S = 86_400;
/** How long an end waits for what was taken to be kept. */
const LAST_ACKNOWLEDGEMENTS_MS = 800;

export interface BrokerAccess {
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface MqttSourceOptions {
  readonly url: string;
  readonly topic: string;
  readonly clientId: string;
  readonly version?: 4 | 5;
  /** How long the broker keeps messages for us while we are away; 0: not at all. */
  readonly sessionS?: number;
  /** Topics below it are our own messages. */
  readonly ownRoot?: string;
  /** Read anew for every connection. */
  readonly readAccess: () => Promise<BrokerAccess>;
}

interface Unacknowledged {
  readonly number: number;
  /** The connection that it came over last. */
  client: MqttClient;
}

export class MqttSource implements Source {
  readonly kind = 'mqtt';
  readonly canWait = true;
  readonly readsAgain = false;
  readonly #retry = new Retry(LONGEST_PAUSE_MS);
  #client: MqttClient | undefined;
  #connecting: Promise<void> | undefined;
  #number = 0;
  /** By the broker's number for the message, in the order in which they came. */
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  #allAcknowledged: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly options: MqttSourceOptions,
  ) {}

  start(sink: SourceSink): Promise<void> {
    this.#connecting = this.#connect(sink);
    return this.#connecting;
  }

  async stop(): Promise<void> {
    this.#retry.end();
    // What was taken is being answered meanwhile: the broker need not send it again.
    if (this.#unacknowledged.size > 0 && this.#client?.connected)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LAST_ACKNOWLEDGEMENTS_MS);
        this.#allAcknowledged = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#client?.end(true);
    await this.#connecting;
  }

  kept({ message }: ReadPosition): void {
    for (const [id, { number, client }] of this.#unacknowledged) {
      if (number > Number(message)) return;
      this.#unacknowledged.delete(id);
      if (client === this.#client && client.connected) client.stream.write(Buffer.of(0x40, 2, id >> 8, id & 0xff)); // [MQTT 5, 3.4] PUBACK
    }
    if (this.#unacknowledged.size === 0) this.#allAcknowledged();
  }

  /** Resolves when the subscription stands, or when the try has failed. */
  async #connect(sink: SourceSink): Promise<void> {
    let why: unknown;
    try {
      const client = await this.#newClient();
      if (this.#retry.ended) return;
      this.#client = client;
      await new Promise<void>((resolve) => {
        client.handleMessage = (packet, done) => this.#take(client, packet, sink, done);
        client.on('connect', () => void this.#subscribe(client, sink).then(resolve));
        client.on('error', (error) => {
          why ??= error;
          if (!client.connected) client.end(true);
        });
        client.on('close', () => {
          client.end(true);
          if (this.#client === client) this.#again(sink, why ?? new Error('the broker closed the connection'));
          resolve();
        });
        client.connect();
      });
    } catch (error) {
      this.#again(sink, error);
    }
  }

  async #newClient(): Promise<MqttClient> {
    const { url, clientId, version = 5, sessionS = DEFAULT_SESSION_S, readAccess } = this.options;
    const mqtt = createRequire(import.meta.url)('mqtt') as typeof import('mqtt');
    const options: IClientOptions = {
      ...(await readAccess()),
      protocolVersion: version,
      clientId,
      clean: sessionS === 0,
      reconnectPeriod: 0,
      manualConnect: true,
      resubscribe: false,
      writeCache: false, // a table of all 65,536 numbers as buffers: 10 MB to save some microseconds
      timerVariant: 'native',
      ...(version === 5 && {
        properties: {
          sessionExpiryInterval: sessionS,
          receiveMaximum: MOST_IN_FLIGHT,
          maximumPacketSize: LONGEST_PACKET_BYTES,
        },
      }),
    };
    return mqtt.connect(url, options);
  }

  async #subscribe(client: MqttClient, sink: SourceSink): Promise<void> {
    try {
      // A retained message is read once, not at every connection.
      await client.subscribeAsync(this.options.topic, { qos: 1, rh: 1 });
      this.#retry.worked();
      sink.back();
    } catch (error) {
      sink.lost(`${this.options.topic}: ${messageOf(error)}`);
      client.end(true);
    }
  }

  #again(sink: SourceSink, why: unknown): void {
    this.#client = undefined;
    if (this.#retry.ended) return;
    sink.lost(messageOf(why));
    this.#retry.later(() => void this.start(sink));
  }

  #take(client: MqttClient, packet: IPublishPacket, sink: SourceSink, done: (error?: Error) => void): void {
    const { topic, payload, qos, messageId = 0, dup } = packet;
    const later = new Error('acknowledged later'); // the library says PUBACK at once where it gets no error
    const known = dup && qos === 1 ? this.#unacknowledged.get(messageId) : undefined;
    if (known !== undefined) {
      known.client = client; // sent again after a reconnect, and still on its way here
      done(later);
      return;
    }
    if (this.#retry.ended || (this.options.ownRoot !== undefined && topic.startsWith(this.options.ownRoot))) {
      done(this.#retry.ended ? later : undefined);
      return;
    }
    const number = ++this.#number;
    if (qos === 1) {
      this.#unacknowledged.delete(messageId); // a new one goes to the end
      this.#unacknowledged.set(messageId, { number, client });
    }
    const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const full = sink.message({ body, fields: { topic }, position: { message: number } });
    if (full === undefined) done(later);
    else void full.then(() => done(later));
  }
}
