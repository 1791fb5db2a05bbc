/**
 * The one writer of the outbox. Changes are gathered and written as one batch: at once where somebody waits for it, else after
 * `writeMs`; what was put and taken back before that is never written at all. A write that fails is tried again, with all its
 * changes, until the disk has room: nothing is forgotten meanwhile.
 */
import { messageOf } from '../../src/errors/index.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { Backoff } from '../uplink/backoff.js';
import type { Change, Store } from './store.js';

export interface WriterOptions {
  readonly store: Pick<Store, 'write' | 'reopen'>;
  /** How long a change may wait for others, in ms. */
  readonly writeMs: number;
  /** How long written changes may stay unsynced, in ms; 0: every write is synced. */
  readonly syncMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** A write has failed, and none before it since the last good one. */
  readonly onFailing: (reason: string) => void;
  /** These keys were put or taken away. */
  readonly onWritten: (keys: Iterable<string>) => void;
}

/** A function is asked when it is written: what is taken back before costs nothing. */
export type Value = string | (() => string);

/** A key that is never there: taking it away is a write, which a sync needs. */
const NOTHING = 'm:nothing';

/** The first writes after a start come soon, so that an agent that is killed again and again gets on all the same. */
const FIRST_WRITE_MS = 50;

/** Invariant: one write at a time; `#pending` holds the newest value of every key that is not written yet. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #backoff: Backoff;
  #pending = new Map<string, Value | null>();
  /** Put, and not yet written: taking it back makes it as if it had never been. */
  readonly #unwritten = new Set<string>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #unsynced = false;
  #closing = false;
  /** Whoever comes later is too late, and does no harm. */
  #closed = false;
  #toldFailing = false;
  #writes = 0;
  /** Why the last write failed; undefined where it did not. */
  failing: string | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock.random);
  }

  put(key: string, value: Value): void {
    if (this.#closed) return;
    this.#pending.set(key, value);
    this.#unwritten.add(key);
    this.#later();
  }

  /** True where that is to be written; a key that was not written yet is as if it had never been. */
  delete(key: string): boolean {
    if (this.#closed) return false;
    const isWritten = !this.#unwritten.delete(key);
    if (isWritten) this.#pending.set(key, null);
    else this.#pending.delete(key);
    this.#later();
    return isWritten;
  }

  /** Replaces the value of a key that is there for good: a place, a counter. */
  set(key: string, value: Value): void {
    if (this.#closed) return;
    this.#pending.set(key, value);
    this.#later();
  }

  /** Entries that are in memory alone. */
  get unwritten(): number {
    return this.#unwritten.size;
  }

  /** Resolves when everything up to now is written; false where it could not be: it is tried again. */
  async write(): Promise<boolean> {
    while (this.#writing) await this.#writing;
    if (this.#pending.size > 0 && this.failing === undefined) await this.#writeOnce();
    return this.failing === undefined;
  }

  /** Writes what is left, synced. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    while (this.#writing) await this.#writing;
    if (this.#pending.size > 0 || this.#unsynced) await this.#writeOnce();
    clearTimeout(this.#retryTimer);
    this.#closed = true;
  }

  #later(): void {
    if (this.#closing || this.failing !== undefined) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.write();
      },
      Math.min(this.#options.writeMs, FIRST_WRITE_MS * 2 ** Math.min(this.#writes++, 20)),
    );
  }

  #writeOnce(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const taken = this.#pending;
    this.#pending = new Map();
    const newly = [...taken.keys()].filter((key) => this.#unwritten.delete(key));
    const changes = [...taken].map(
      ([key, value]): Change =>
        value === null
          ? { type: 'del', key }
          : { type: 'put', key, value: typeof value === 'string' ? value : value() },
    );
    if (changes.length === 0) changes.push({ type: 'del', key: NOTHING });
    const { store, syncMs } = this.#options;
    const sync = this.#closing || performance.now() - this.#lastSyncMs >= syncMs;
    try {
      await store.write(changes, sync);
      this.#unsynced = !sync;
      if (sync) this.#lastSyncMs = performance.now();
      if (this.#toldFailing) this.#options.log.info('the outbox is written again');
      this.#toldFailing = false;
      this.failing = undefined;
      this.#backoff.reset();
      this.#options.onWritten(taken.keys());
    } catch (error) {
      // What was changed since is newer than what is put back.
      for (const key of newly) this.#unwritten.add(key);
      for (const [key, value] of this.#pending) taken.set(key, value);
      this.#pending = taken;
      this.#failed(messageOf(error));
    }
    if (this.#unsynced && this.#pending.size === 0) this.#syncLater();
  }

  /** What was written last is synced too where nothing follows. */
  #syncLater(): void {
    if (this.#closing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#writing === undefined) void this.#writeOnce();
    }, this.#options.syncMs);
    this.#timer.unref();
  }

  #failed(reason: string): void {
    this.failing = reason;
    if (!this.#toldFailing) {
      this.#toldFailing = true;
      this.#options.log.error(`the outbox can't be written, and is tried again: ${reason}`);
      this.#options.onFailing(reason);
    }
    if (this.#closing) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#retry(), this.#backoff.nextMs());
  }

  async #retry(): Promise<void> {
    try {
      await this.#options.store.reopen();
    } catch (error) {
      this.#failed(messageOf(error));
      return;
    }
    this.failing = undefined;
    await this.#writeOnce();
  }
}
