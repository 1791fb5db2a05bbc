/** Standard input, or any other stream, to its end. */
import type { Readable } from 'node:stream';
import { messageOf, SnugError } from '../../src/errors/index.js';
import type { Source, SourceSink } from './source.js';

export class StdinSource implements Source {
  readonly kind = 'stdin';
  readonly canWait = true;
  readonly readsAgain = false;
  #close: () => void = () => undefined;

  /** `open` gives the stream at start: touching `process.stdin` keeps a process alive. */
  constructor(
    readonly name: string,
    private readonly open: () => Readable = () => process.stdin,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    const stream = this.open();
    let going = true;
    const end = (problem?: SnugError) => {
      if (!going) return;
      going = false;
      sink.flush();
      sink.ended(problem);
    };
    const onData = (chunk: Buffer) => {
      const full = sink.bytes(chunk);
      if (full === undefined) return;
      stream.pause();
      void full.then(() => {
        if (going) stream.resume();
      });
    };
    const onError = (error: unknown) =>
      end(new SnugError('SOURCE_FAILED', `${this.name}: ${messageOf(error)}`, { cause: error }));
    stream.on('data', onData);
    stream.once('end', () => end());
    stream.once('close', () => end());
    stream.on('error', onError);
    this.#close = () => {
      stream.off('data', onData);
      stream.pause();
      end();
      stream.destroy();
    };
  }

  async stop(): Promise<void> {
    this.#close();
  }
}
