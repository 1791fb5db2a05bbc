/**
 * One source's way into the pipeline: bytes are framed, numbered and queued; a full queue holds the source back.
 *
 * What was read is settled once it is kept (the pipeline's `onPredictions` has resolved), dropped, or left out. `readUpTo` never
 * stands before something that was read and is not settled.
 */
import { SnugError } from '../src/errors/index.js';
import { Channel, type ChannelOptions, type ChannelOwner } from './channel.js';
import { silenceMs } from './framing/index.js';
import { type Drops, type QueueOptions, RecordQueue } from './queue.js';
import type { TextRecord } from './record.js';
import type {
  Fields,
  PositionBehind,
  ReadPosition,
  ReadUpTo,
  Source,
  SourceMessage,
  SourceSink,
} from './sources/source.js';
import { type LeftOutCause, type Piece, Refiner, type TextRules } from './text/index.js';

/** A position that moves without records is told so often at most: filtered lines must not cost a write each. */
const POSITION_REST_MS = 1000;

/** More than is numbered between two writes of a place. */
const LEAP = 1_000_000;

/** What an intake tells the pipeline, and the clocks that it reads. */
export interface IntakeContext {
  /** Something was queued or the state changed. */
  readonly changed: () => void;
  readonly lost: (reason: string) => void;
  readonly back: () => void;
  readonly missed: (what: string) => void;
  readonly ended: (problem: SnugError | undefined) => void;
  /** Nothing that was read waits, and reading goes on here. */
  readonly position: (readUpTo: ReadUpTo) => void;
  readonly now: () => number;
  readonly clock: () => number;
  /** Runs something after so long; the answer calls it off. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** What a source did so far. All counts from the start of the process. */
export interface SourceStats {
  readonly source: string;
  readonly kind: string;
  readonly state: 'open' | 'lost' | 'ended';
  /** Records framed, dropped ones included. */
  readonly records: number;
  readonly queued: number;
  readonly drops: Readonly<Drops>;
  /** Records cut at the length limit. */
  readonly cut: number;
  /** Invalid sequences of bytes replaced. */
  readonly replaced: number;
  /** No records by configuration, by cause. */
  readonly leftOut: Readonly<Record<LeftOutCause | 'unsampled', number>>;
}

export interface IntakeOptions extends ChannelOptions, TextRules {
  readonly queue: QueueOptions;
  readonly resume?: ReadUpTo;
  /** The share of records that is answered; the others keep their numbers. */
  readonly sample?: number;
}

/** True where the same bytes give the same records under the same numbers, whenever they come. */
export function comesAlike(options: Pick<IntakeOptions, 'framing' | 'join' | 'window'>): boolean {
  return silenceMs(options) === undefined && options.join === undefined && (options.window ?? 1) === 1;
}

export class Intake implements SourceSink, ChannelOwner {
  readonly queue: RecordQueue;
  state: 'open' | 'lost' | 'ended' = 'open';
  /** Records framed in this run of the process. */
  records = 0;
  cut = 0;
  replaced = 0;
  /** Pieces that are no records by configuration. */
  readonly leftOut: Record<LeftOutCause | 'unsampled', number> = { unreadable: 0, filtered: 0, unsampled: 0 };
  readonly #refiner: Refiner;
  readonly #share: number;
  readonly #channelOptions: ChannelOptions;
  readonly #channels = new Set<Channel>();
  readonly #main: Channel;
  readonly #resume: ReadUpTo | undefined;
  #discarding = false;
  /** Number of the newest record, of the newest that was queued, was taken from there, and is settled. */
  #seq: number;
  #queuedSeq: number;
  #takenSeq: number;
  #settledSeq: number;
  /** Behind everything that was queued, dropped or left out; and what the consumer has of that. */
  #readTo: ReadPosition | undefined;
  #storedTo: ReadPosition | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  /** The moment that records of one chunk share. */
  #framedAt: { readonly ts: string; readonly ms: number } | undefined;

  constructor(
    readonly source: Source,
    options: IntakeOptions,
    private readonly context: IntakeContext,
  ) {
    this.queue = new RecordQueue(options.queue);
    this.#resume = options.resume;
    this.#seq = options.resume?.seq ?? 0;
    this.#queuedSeq = this.#seq;
    this.#takenSeq = this.#seq;
    this.#settledSeq = this.#seq;
    this.#refiner = new Refiner(options);
    this.#share = options.sample ?? 1;
    const { framing } = source;
    this.#channelOptions = {
      ...options,
      ...(framing && { framing }),
      ...(source.parse && { parse: (text: string) => source.parse?.(text) ?? { text, fields: {} } }),
    };
    this.#main = this.#newChannel();
  }

  /** Opens the source where it was read up to. Throws what it throws, with its name: among several a path alone says too little. */
  async start(): Promise<void> {
    try {
      await this.source.start(this, this.#resume?.position);
    } catch (cause) {
      if (!(cause instanceof SnugError)) throw cause;
      const { code, message, remedy } = cause;
      throw new SnugError(code, `source '${this.source.name}': ${message}`, { remedy, cause });
    }
  }

  /** True where nothing is left to answer and nothing will come. */
  get done(): boolean {
    return this.state === 'ended' && this.queue.length === 0 && ![...this.#channels].some(({ waits }) => waits);
  }

  bytes(chunk: Buffer, behind?: PositionBehind): Promise<void> | undefined {
    return this.#main.bytes(chunk, behind);
  }

  message(message: SourceMessage): Promise<void> | undefined {
    return this.#main.message(message);
  }

  flush(): void {
    this.#main.flush();
  }

  open(fields?: Fields): Channel {
    return this.#newChannel(fields);
  }

  #newChannel(fields?: Fields): Channel {
    const channel = new Channel(this.#channelOptions, this, fields);
    this.#channels.add(channel);
    return channel;
  }

  at(position: ReadPosition): void {
    this.#readTo = position;
    this.tellPosition({ now: true });
  }

  missed(what: string): void {
    if (this.#resume?.unsure && this.records === 0) this.#leap();
    this.context.missed(what);
  }

  /** What was numbered behind the place is not read again: its numbers are left to it. */
  #leap(): void {
    this.#seq = (this.#resume?.seq ?? 0) + LEAP;
    this.#queuedSeq = this.#seq;
    this.#takenSeq = this.#seq;
    this.#settledSeq = this.#seq;
  }

  overrun(count: number): void {
    this.records += count;
    this.queue.drops.overrun += count;
  }

  ended(problem?: SnugError): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.context.ended(problem);
    this.context.changed();
  }

  lost(reason: string): void {
    if (this.state !== 'open') return;
    this.state = 'lost';
    this.context.lost(reason);
  }

  back(): void {
    if (this.state !== 'lost') return;
    this.state = 'open';
    this.context.back();
  }

  stats(): SourceStats {
    const { source, queue, state, records, cut, replaced, leftOut } = this;
    return {
      source: source.name,
      kind: source.kind,
      state,
      records,
      queued: queue.length,
      drops: { ...queue.drops },
      cut,
      replaced,
      leftOut: { ...leftOut },
    };
  }

  /** To be called when records were taken from the queue. Streams that wait take turns. */
  refill(): void {
    for (const channel of [...this.#channels]) {
      if (!channel.waits) continue;
      if (this.queue.mustWait) return;
      channel.refill();
      if (this.#channels.delete(channel)) this.#channels.add(channel);
    }
  }

  /** The next record to answer; undefined where there is none. */
  next(): TextRecord | undefined {
    this.queue.dropStale(this.context.now());
    const record = this.queue.take();
    if (record !== undefined) this.#takenSeq = record.seq;
    else if (this.#queuedSeq > this.#takenSeq) {
      this.#queuedSeq = this.#takenSeq; // all that waited was stale
      this.tellPosition();
    }
    return record;
  }

  get full(): boolean {
    return this.queue.mustWait;
  }

  take(piece: Piece): void {
    const refined = this.#refiner.refine(piece);
    if (typeof refined === 'string') {
      this.leftOut[refined]++;
      if (piece.position !== undefined) this.#readTo = piece.position;
      return;
    }
    const seq = ++this.#seq;
    if (!isDrawn(seq, this.#share)) {
      this.leftOut.unsampled++;
      if (piece.position !== undefined) this.#readTo = piece.position;
      return;
    }
    this.#framedAt ??= { ts: new Date(this.context.clock()).toISOString(), ms: this.context.now() };
    const { text, cut, replaced, ids, position } = refined;
    this.records++;
    if (cut) this.cut++;
    this.replaced += replaced;
    const { ts, ms: framedAtMs } = this.#framedAt;
    const plain = { source: this.source.name, seq, ts, framedAtMs, text };
    const placed: TextRecord =
      position === undefined ? plain : { source: plain.source, seq, ts, framedAtMs, text, position };
    const record =
      cut || replaced > 0 || ids !== undefined
        ? { ...placed, ...(cut && { cut }), ...(replaced > 0 && { replaced }), ...(ids && { ids }) }
        : placed;
    if (this.queue.offer(record)) this.#queuedSeq = record.seq;
    if (position !== undefined) this.#readTo = position;
  }

  refused(): void {
    this.records++;
    this.queue.drops.newest++;
  }

  passed(position: ReadPosition): void {
    this.#readTo = position;
  }

  rested(): void {
    if (this.#framedAt !== undefined) this.context.changed();
    this.#framedAt = undefined;
    this.tellPosition();
  }

  closed(channel: Channel): void {
    this.#channels.delete(channel);
    this.context.changed();
  }

  after(ms: number, run: () => void): () => void {
    return this.context.after(ms, run);
  }

  /** A record was answered and is kept, or could not be answered; those before it are settled too. */
  settle({ seq, position }: Pick<TextRecord, 'seq' | 'position'>): void {
    this.#settledSeq = seq;
    if (this.#queuedSeq > seq) {
      if (position !== undefined) this.source.kept?.(position);
      return;
    }
    if (position !== undefined) this.#storedTo = position;
    if (this.#readTo !== undefined && this.#readTo === position) this.source.kept?.(position);
    else this.tellPosition();
  }

  /** Where nothing that was read waits: tells how far that is, the consumer only now and then unless it is to be `now`. */
  tellPosition(when: { readonly now?: boolean } = {}): void {
    const position = this.#readTo;
    if (this.#discarding || position === undefined || this.#settledSeq < this.#queuedSeq) return;
    if (position === this.#storedTo) return;
    this.source.kept?.(position);
    if (!when.now && this.context.now() - this.#toldAtMs < POSITION_REST_MS) return;
    this.#storedTo = position;
    this.#toldAtMs = this.context.now();
    this.context.position({ seq: this.#seq, position });
  }

  /** Forgets all that was read and not answered, and all that still comes until the source has stopped. */
  discard(): void {
    this.#discarding = true;
    this.queue.clear();
    for (const channel of this.#channels) channel.discard();
  }
}

/** Drawn by the number, not by chance: a record that is read again is decided upon alike. Murmur's finalizer mixes the bits. */
function isDrawn(seq: number, share: number): boolean {
  if (share >= 1) return true;
  let mixed = seq | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32 < share;
}
