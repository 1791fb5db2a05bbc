/** Text over TCP: from whoever connects, or from a server that is connected to and tried again. */
import { connect, type Socket } from 'node:net';
import { messageOf } from '../../src/errors/index.js';
import { type Address, addressOf } from './address.js';
import { Retry } from './retry.js';
import type { Source, SourceSink } from './source.js';
import { StreamServer } from './stream-server.js';

export const DEFAULT_CONNECTIONS = 64;
const KEEPALIVE_MS = 60_000;

export class TcpListener implements Source {
  readonly kind = 'tcp';
  readonly canWait = true;
  readonly readsAgain = false;
  #server: StreamServer | undefined;

  constructor(
    readonly name: string,
    private readonly listen: string,
    private readonly maxConnections = DEFAULT_CONNECTIONS,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    const { maxConnections } = this;
    const fieldsOf = ({ remoteAddress = '', remotePort = 0 }: Socket) => ({ remote: `${remoteAddress}:${remotePort}` });
    this.#server = new StreamServer({ at: addressOf(this.listen), maxConnections, fieldsOf }, sink);
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

export class TcpClient implements Source {
  readonly kind = 'tcp';
  readonly canWait = true;
  readonly readsAgain = false;
  readonly #retry = new Retry();
  readonly #address: Address;
  #socket: Socket | undefined;

  constructor(
    readonly name: string,
    connectTo: string,
  ) {
    this.#address = addressOf(connectTo);
  }

  start(sink: SourceSink): Promise<void> {
    return new Promise((resolve) => this.#connect(sink, resolve));
  }

  async stop(): Promise<void> {
    this.#retry.end();
    this.#socket?.destroy();
  }

  #connect(sink: SourceSink, known: () => void): void {
    const socket = connect({ ...this.#address, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
    this.#socket = socket;
    let why = 'the other end closed the connection';
    socket.once('connect', () => {
      sink.back();
      known();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#retry.worked();
      const full = sink.bytes(chunk);
      if (full === undefined) return;
      socket.pause();
      void full.then(() => socket.resume());
    });
    socket.once('error', (error) => {
      why = messageOf(error);
    });
    socket.once('close', () => {
      if (this.#retry.ended) return;
      sink.flush();
      sink.lost(why);
      known();
      this.#retry.later(() => this.#connect(sink, () => undefined));
    });
  }
}
