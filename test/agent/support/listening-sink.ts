/** A sink that frames what a source gives, as an intake does, and lets a test wait for it. */
import { Channel, type ChannelOptions, type ChannelOwner } from '../../../agent/channel.js';
import type { Fields, PositionBehind, ReadPosition, SourceMessage, SourceSink } from '../../../agent/sources/source.js';
import type { Piece } from '../../../agent/text/index.js';
import type { SnugError } from '../../../src/errors/index.js';

export class ListeningSink implements SourceSink, ChannelOwner {
  readonly pieces: Piece[] = [];
  /** `lost: …`, `back`, `missed: …`, `ended`, in order. */
  readonly news: string[] = [];
  /** Set it, and what comes has to wait until `refill`. */
  full = false;
  receivedBytes = 0;
  /** How often all was taken that could be. */
  rests = 0;
  /** Records lost before the source could take them. */
  overruns = 0;
  problem: SnugError | undefined;
  /** Behind everything that came. */
  position: ReadPosition | undefined;
  readonly #channels = new Set<Channel>();
  readonly #main: Channel;
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(private readonly options: ChannelOptions = {}) {
    this.#main = this.open();
  }

  get texts(): string[] {
    return this.pieces.map(({ text }) => text);
  }

  open(fields?: Fields): Channel {
    const channel = new Channel(this.options, this, fields);
    this.#channels.add(channel);
    return channel;
  }

  /** True where something waits for `refill`. */
  get waits(): boolean {
    return [...this.#channels].some((channel) => channel.waits);
  }

  refill(): void {
    for (const channel of this.#channels) channel.refill();
  }

  bytes(chunk: Buffer, behind?: PositionBehind): Promise<void> | undefined {
    this.receivedBytes += chunk.length;
    return this.#main.bytes(chunk, behind);
  }

  message(message: SourceMessage): Promise<void> | undefined {
    return this.#main.message(message);
  }

  flush(): void {
    this.#main.flush();
  }

  take(piece: Piece): void {
    this.pieces.push(piece);
    if (piece.position !== undefined) this.position = piece.position;
  }

  refused(): void {
    this.#tell('refused');
  }

  passed(position: ReadPosition): void {
    this.position = position;
  }

  at(position: ReadPosition): void {
    this.position = position;
    this.#look();
  }

  rested(): void {
    this.rests++;
    this.#look();
  }

  closed(channel: Channel): void {
    this.#channels.delete(channel);
    this.#look();
  }

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  }

  ended(problem?: SnugError): void {
    this.problem = problem;
    this.#tell('ended');
  }

  missed(what: string): void {
    this.#tell(`missed: ${what}`);
  }

  overrun(count: number): void {
    this.overruns += count;
    this.#look();
  }

  lost(reason: string): void {
    if (!this.news.at(-1)?.startsWith('lost')) this.#tell(`lost: ${reason}`);
  }

  back(): void {
    if (this.news.at(-1)?.startsWith('lost')) this.#tell('back');
  }

  /** Resolves once the condition holds; it is looked at after everything that comes. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
    });
  }

  untilText(text: string): Promise<void> {
    return this.until(() => this.texts.includes(text));
  }

  #tell(news: string): void {
    this.news.push(news);
    this.#look();
  }

  #look(): void {
    const ready = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each));
    for (const { resolve } of ready) resolve();
  }
}
