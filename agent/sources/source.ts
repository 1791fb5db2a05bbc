/**
 * Where text comes from: the interface that every kind of source keeps.
 *
 * How no record is lost over a restart: a source that can be read again says with its bytes where reading would go on behind
 * them (`ReadPosition`); every record carries the position behind itself, beside its `seq`. Whoever takes the predictions keeps
 * both with the results, in one write: once `onPredictions` of the pipeline has resolved, a record counts as kept, and its
 * source is told (`kept`), so that it can tell whoever sent it. At the next start the pipeline gets `{seq, position}` of the last
 * record kept (`ReadUpTo`) and the source begins there: what was read and not kept comes again, under the same `seq`.
 */
import type { SnugError } from '../../src/errors/index.js';
import type { Framing } from '../framing/index.js';

/**
 * Where reading goes on: a small JSON value that the kind of source made and that it alone understands. Sources that can't be
 * read again give positions too where they are acknowledged to their sender; `kept` gives these back within the same process.
 */
export type ReadPosition = Readonly<Record<string, unknown>>;

/** How far a source was read: the number of the last record kept (0: none yet), and where reading goes on behind it. */
export interface ReadUpTo {
  readonly seq: number;
  /** Left out by sources that can't be read again: only the numbers go on. */
  readonly position?: ReadPosition;
  /** The run before ended without a word: numbers behind `seq` may have been published for what stood behind `position`. */
  readonly unsure?: true;
}

/** Where the bytes of one chunk stand: the position behind the first so many of them. */
export type PositionBehind = (bytes: number) => ReadPosition;

/** What a source knows of a record beside its text, by name: filters and `pick` can name these. */
export type Fields = Readonly<Record<string, string>>;

/** One run of bytes that is framed apart from all others: a file, a port, one connection. */
export interface ByteStream {
  /**
   * Bytes, in order. Where a promise comes back, the queue is full: a source that can wait reads no more until it resolves.
   * The chunk may be used again once the call has returned or, where there is one, the promise has resolved.
   */
  bytes(chunk: Buffer, behind?: PositionBehind): Promise<void> | undefined;
  /** The bytes so far end a record, newline or not (end of a file, a torn line). */
  flush(): void;
}

/** What a source gives its bytes and its news to. The sink itself is the stream of a source that has only one. */
export interface SourceSink extends ByteStream {
  /** A stream of its own, for one connection of many; `close` flushes it and lets go of it. */
  open(fields?: Fields): ByteStream & { close(): void };
  /** One message that is a record of its own: a datagram, a journal's entry. Waits as `bytes` does. */
  message(message: SourceMessage): Promise<void> | undefined;
  /** Reading stands here, and nothing before it will be given: the place where a source begins, or that it skipped to. */
  at(position: ReadPosition): void;
  /** Something that stood between two records can't be read any more: a file that was rotated away, a journal that was vacuumed. */
  missed(what: string): void;
  /** So many records were lost before the source could take them, and are counted. */
  overrun(count: number): void;
  /** Nothing more will come; with a problem where that is not the input's proper end. */
  ended(problem?: SnugError): void;
  /** The source can't be read now and is tried again. Said once until it is back. */
  lost(reason: string): void;
  /** The source can be read (again) after it was lost. */
  back(): void;
}

/** A record that came whole. */
export interface SourceMessage {
  /** Bytes are decoded as the source's `encoding` says; a text is taken as it is. */
  readonly body: Buffer | string;
  readonly fields?: Fields;
  /** Where reading goes on behind it. */
  readonly position?: ReadPosition;
}

/** One place that text comes from. A constructor only assigns; `start` opens. */
export interface Source {
  readonly name: string;
  readonly kind: string;
  /** True where reading can be put off without loss (a file, a pipe). */
  readonly canWait: boolean;
  /** True where it reads again, after a crash too, what stands behind a position: a file, a journal. */
  readonly readsAgain: boolean;
  /** How its streams are framed where that is not for the configuration to say. */
  readonly framing?: Framing;
  /** Takes a framed text apart where it has a form of its own (a header); before lines are joined. */
  parse?(text: string): { readonly text: string; readonly fields: Fields };
  /**
   * Resolves when the source is open, or when it is known that it can't be opened yet (`sink.lost` has said so) and tries go
   * on. Reads on from a position that it gave in an earlier run; without one it begins as its kind does, and so it does where
   * that place is gone, after `sink.missed`. Throws `SOURCE_UNREADABLE` where trying again is of no use.
   */
  start(sink: SourceSink, from?: ReadPosition): Promise<void>;
  /** Reads no more and lets go of what is open; nothing is given to the sink after it has resolved. May be called twice. */
  stop(): Promise<void>;
  /** Everything up to this position is kept or was left out on purpose: a sender that waits for that may be told. */
  kept?(position: ReadPosition): void;
}
