/** Datagrams over UDP: each one is a record. What comes faster than it can be taken is lost in the kernel, which counts it. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { messageOf } from '../../src/errors/index.js';
import { type Address, addressOf } from './address.js';
import { Retry } from './retry.js';
import type { Source, SourceSink } from './source.js';
import { kernelDrops } from './udp-drops.js';

/** Asked of the kernel for datagrams that come in bursts; it gives what it allows. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
/** How often the kernel is asked what it dropped. */
const LOOK_MS = 5000;

/** A socket that is opened, and opened again. */
export class DatagramReceiver {
  readonly #retry = new Retry();
  readonly #address: Address;
  #socket: Socket | undefined;
  #opening: Promise<void> | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(
    listen: string,
    private readonly sink: SourceSink,
    private readonly lookMs = LOOK_MS,
  ) {
    this.#address = addressOf(listen);
  }

  start(): Promise<void> {
    this.#opening = this.#bind();
    return this.#opening;
  }

  async stop(): Promise<void> {
    this.#retry.end();
    await this.#opening;
    clearInterval(this.#looking);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(resolve));
  }

  async #bind(): Promise<void> {
    const { host, port } = this.#address;
    const family = isIPv6(host) ? 'udp6' : 'udp4';
    const socket = createSocket(family);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: host, port }, resolve);
      });
    } catch (error) {
      socket.close();
      this.#again(messageOf(error));
      return;
    }
    this.#socket = socket;
    this.#retry.worked();
    trySetBuffer(socket);
    socket.removeAllListeners('error');
    socket.on('error', (error) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      clearInterval(this.#looking);
      socket.close();
      this.#again(messageOf(error));
    });
    this.#countDrops(family, port);
    socket.on('message', (body: Buffer, { address, port: from }: RemoteInfo) => {
      void this.sink.message({ body, fields: { remote: `${address}:${from}` } });
    });
    this.sink.back();
  }

  #countDrops(family: 'udp4' | 'udp6', port: number): void {
    let known = 0;
    this.#looking = setInterval(async () => {
      const drops = (await kernelDrops(port, family)) ?? known;
      if (drops > known && !this.#retry.ended) this.sink.overrun(drops - known);
      known = Math.max(known, drops);
    }, this.lookMs);
    this.#looking.unref();
  }

  #again(reason: string): void {
    if (this.#retry.ended) return;
    this.sink.lost(reason);
    this.#retry.later(() => void this.start());
  }
}

export class UdpSource implements Source {
  readonly kind = 'udp';
  readonly canWait = false;
  readonly readsAgain = false;
  #receiver: DatagramReceiver | undefined;

  constructor(
    readonly name: string,
    private readonly listen: string,
    private readonly lookMs?: number,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    this.#receiver = new DatagramReceiver(this.listen, sink, this.lookMs);
    await this.#receiver.start();
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop();
  }
}

function trySetBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // the system keeps its own size
  }
}
