/** A source that the test feeds by hand. */
import type { Source, SourceSink } from '../../../agent/sources/source.js';

export class HandSource implements Source {
  readonly kind = 'hand';
  readonly readsAgain: boolean = false;
  stopped = false;
  #sink: SourceSink | undefined;

  constructor(
    readonly name: string,
    readonly canWait = true,
  ) {}

  get sink(): SourceSink {
    if (this.#sink === undefined) throw new Error('not started');
    return this.#sink;
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  /** Gives lines; resolves when the source may go on. */
  async say(...lines: readonly string[]): Promise<void> {
    await this.sink.bytes(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  }
}
