/** Where text comes from: the interface that every kind of source keeps. */
import type { SnugError } from '../../src/errors/index.js';

/** What a source gives its bytes and its news to. */
export interface SourceSink {
  /**
   * Bytes, in order. Where a promise comes back, the queue is full: a source that can wait reads no more until it resolves.
   * The chunk may be used again once the call has returned or, where there is one, the promise has resolved.
   */
  bytes(chunk: Buffer): Promise<void> | undefined;
  /** The bytes so far end a record, newline or not (end of a file, a torn line). */
  flush(): void;
  /** Nothing more will come; with a problem where that is not the input's proper end. */
  ended(problem?: SnugError): void;
  /** The source can't be read now and is tried again. Said once until it is back. */
  lost(reason: string): void;
  /** The source can be read (again) after it was lost. */
  back(): void;
}

/** One place that text comes from. A constructor only assigns; `start` opens. */
export interface Source {
  readonly name: string;
  readonly kind: string;
  /** True where reading can be put off without loss (a file, a pipe). */
  readonly canWait: boolean;
  /**
   * Resolves when the source is open, or when it is known that it can't be opened yet (`sink.lost` has said so) and tries go
   * on. Throws `SOURCE_UNREADABLE` where trying again is of no use.
   */
  start(sink: SourceSink): Promise<void>;
  /** Reads no more and lets go of what is open; nothing is given to the sink after it has resolved. May be called twice. */
  stop(): Promise<void>;
}
