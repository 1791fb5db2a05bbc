/**
 * A serial port: read while it is there; unplugged, it is tried again with growing pauses until it is back. The library is
 * loaded at start, because it costs 15 MB that an agent without a serial port does not need.
 */
import type { SerialPort } from 'serialport';
import { messageOf } from '../../src/errors/index.js';
import type { OptionsOf } from './options.js';
import { Retry } from './retry.js';
import type { Source, SourceSink } from './source.js';

const DEFAULT_BAUD_RATE = 115_200;
const LONGEST_PAUSE_MS = 5000;
/** How often an open port is asked whether its device is still there. */
const WATCH_MS = 250;

export class SerialSource implements Source {
  readonly kind = 'serial';
  readonly canWait = false;
  readonly readsAgain = false;
  #port: SerialPort | undefined;
  readonly #retry = new Retry(LONGEST_PAUSE_MS);
  #watch: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly options: Omit<OptionsOf<'serial'>, 'kind'>,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    this.#opening = this.#open(sink);
    await this.#opening;
  }

  async stop(): Promise<void> {
    this.#retry.end();
    await this.#opening;
    clearInterval(this.#watch);
    const port = this.#port;
    if (port?.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
  }

  async #open(sink: SourceSink): Promise<void> {
    const { SerialPort } = await import('serialport');
    const { path, baudRate = DEFAULT_BAUD_RATE, dataBits, parity, stopBits, rtscts } = this.options;
    const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, rtscts, autoOpen: false });
    port.on('data', (chunk: Buffer) => this.#take(port, chunk, sink));
    // The port closes itself after an error that ends it, and the reason comes with `close`.
    port.on('error', () => undefined);
    try {
      await new Promise<void>((resolve, reject) => port.open((error) => (error === null ? resolve() : reject(error))));
    } catch (error) {
      this.#again(sink, plainReason(path, messageOf(error)));
      return;
    }
    this.#port = port;
    this.#retry.worked();
    port.once('close', (error: Error | null) => {
      clearInterval(this.#watch);
      sink.flush();
      this.#again(sink, error ? messageOf(error) : 'the device hung up');
    });
    await this.#watchFor(port);
    if (port.isOpen) sink.back();
  }

  /**
   * Closes the port once its device is gone. The library notices that by itself only while it waits for bytes; unplugged in
   * the middle of a read it gets zero bytes (a tty that was hung up gives the end of file) and tries again for ever.
   */
  async #watchFor(port: SerialPort): Promise<void> {
    const device = port.port;
    const answers = () =>
      device?.getBaudRate().then(
        () => true,
        () => false,
      );
    if (!(await answers()) || !port.isOpen) return; // a system that can't be asked, or gone already
    this.#watch = setInterval(async () => {
      if (!(await answers()) && port.isOpen) port.close();
    }, WATCH_MS);
  }

  #take(port: SerialPort, chunk: Buffer, sink: SourceSink): void {
    const full = sink.bytes(chunk);
    if (full === undefined) return;
    port.pause();
    void full.then(() => port.resume());
  }

  #again(sink: SourceSink, reason: string): void {
    this.#port = undefined;
    if (this.#retry.ended) return;
    sink.lost(reason);
    this.#retry.later(() => {
      this.#opening = this.#open(sink);
    });
  }
}

/** What the library says of a file, a folder or a device of another kind is about what it tried to set. */
function plainReason(path: string, reason: string): string {
  return /inappropriate ioctl|is a directory/i.test(reason) ? `${path} is no serial port` : reason;
}
