/** What listens for connections of bytes: over TCP, or on a Unix socket. Every connection is framed apart from the others. */
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { messageOf } from '../../src/errors/index.js';
import { Retry } from './retry.js';
import type { Fields, SourceSink } from './source.js';

/** A silent peer is asked after so long whether it is still there. */
const KEEPALIVE_MS = 60_000;

export interface StreamServerOptions {
  readonly at: ListenOptions;
  readonly maxConnections: number;
  /** Runs before each try to listen. */
  readonly prepare?: () => Promise<void>;
  readonly fieldsOf?: (socket: Socket) => Fields;
}

export class StreamServer {
  readonly #retry = new Retry();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #opening: Promise<void> | undefined;

  constructor(
    private readonly options: StreamServerOptions,
    private readonly sink: SourceSink,
  ) {}

  /** The port that it listens at. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Resolves when it listens, or when it is known that it can't yet. */
  start(): Promise<void> {
    this.#opening = this.#listen();
    return this.#opening;
  }

  async stop(): Promise<void> {
    this.#retry.end();
    await this.#opening;
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const server = createServer({ keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS }, (socket) =>
      this.#take(socket),
    );
    server.maxConnections = this.options.maxConnections;
    try {
      await this.options.prepare?.();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.options.at, resolve);
      });
    } catch (error) {
      this.#again(messageOf(error));
      return;
    }
    this.#server = server;
    this.#retry.worked();
    server.on('error', (error) => {
      server.close();
      this.#again(messageOf(error));
    });
    this.sink.back();
  }

  #again(reason: string): void {
    if (this.#retry.ended) return;
    this.sink.lost(reason);
    this.#retry.later(() => void this.start());
  }

  #take(socket: Socket): void {
    if (this.#retry.ended) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const stream = this.sink.open(this.options.fieldsOf?.(socket));
    let waiting: Promise<void> | undefined;
    socket.on('data', (chunk: Buffer) => {
      waiting = stream.bytes(chunk);
      if (waiting === undefined) return;
      socket.pause();
      void waiting.then(() => {
        waiting = undefined;
        socket.resume();
      });
    });
    socket.on('error', () => undefined); // `close` follows
    socket.once('end', () => socket.end());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      stream.close();
    });
  }
}
