/**
 * What lies on disk and is not being sent live: counted by key, read a little at a time, oldest first, and cut where it grows
 * beyond its bounds, telemetry before results and the oldest before the newest.
 */
import type { Clock } from '../clock.js';
import { type EntryKey, type EntryKind, parseKey, rangeOf, type StoredResult, unsealed } from './entry.js';
import { EntryTimes } from './entry-times.js';
import type { Store } from './store.js';
import type { Writer } from './writer.js';

/** What the outbox may hold on disk. */
export interface Bounds {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxAgeS: number;
}

export interface StoredEntry {
  readonly key: string;
  readonly about: EntryKey;
  /** Undefined where the value is damaged. */
  readonly value: unknown;
}

export type DropCause = 'bytes' | 'records' | 'age' | 'damaged';

/** Told with each cut: what went, why, and how many. */
export type OnCut = (kind: EntryKind, cause: DropCause, count: number) => void;

/** Entries that are read or cut at a time. */
const AT_A_TIME = 64;
const MOST_AT_A_LOOK = 4096;
/** More than can be on their way to the broker. */
const REMEMBERED = 1024;
/** After a bound was met, so much room is made: not an entry for every entry. */
const ROOM = 0.02;

export class Backlog {
  records = 0;
  bytes = 0;
  telemetryBytes = 0;
  /** Taken away, but still on disk until the next write. */
  readonly #gone = new Set<string>();
  /** Taken away before they were written, the last of them: an acknowledgement that comes twice counts once. */
  readonly #neverWritten = new Set<string>();
  readonly #times: EntryTimes;

  constructor(
    private readonly store: Pick<Store, 'keys' | 'entries'>,
    private readonly writer: Pick<Writer, 'delete'>,
    private readonly bounds: Bounds,
    clock: Pick<Clock, 'now' | 'runMs'>,
    private readonly onCut: OnCut,
  ) {
    this.#times = new EntryTimes(clock);
  }

  /** Counts what is there; gives the highest number. */
  async count(): Promise<number> {
    let highest = 0;
    for (const kind of ['result', 'telemetry', 'event'] as const) {
      const { gte, lt } = rangeOf(kind);
      for (let after = ''; ; ) {
        const keys = await this.store.keys(after === '' ? { gte, lt } : { gt: after, lt }, MOST_AT_A_LOOK);
        for (const key of keys) {
          const about = parseKey(key);
          if (!about) {
            this.writer.delete(key);
            continue;
          }
          this.added(about);
          highest = Math.max(highest, about.number);
        }
        if (keys.length < MOST_AT_A_LOOK) break;
        after = keys[keys.length - 1];
      }
    }
    return highest;
  }

  /** The time of day for a new entry, in seconds. */
  stampS(number: number): number {
    return this.#times.stampS(number);
  }

  added({ kind, records, bytes }: EntryKey): void {
    if (kind === 'result') this.records += records;
    if (kind === 'telemetry') this.telemetryBytes += bytes;
    this.bytes += bytes;
  }

  /** It was delivered, or is dropped: it goes with the next write. */
  remove(key: string, { kind, records, bytes }: EntryKey): void {
    if (this.#gone.has(key) || this.#neverWritten.has(key)) return;
    if (this.writer.delete(key)) this.#gone.add(key);
    else this.#rememberBriefly(key);
    if (kind === 'result') this.records -= records;
    if (kind === 'telemetry') this.telemetryBytes -= bytes;
    this.bytes -= bytes;
  }

  #rememberBriefly(key: string): void {
    this.#neverWritten.add(key);
    for (const oldest of this.#neverWritten) {
      if (this.#neverWritten.size <= REMEMBERED) break;
      this.#neverWritten.delete(oldest);
    }
  }

  /** What it remembers of entries that were taken away: bounded, however many there were. */
  get remembered(): number {
    return this.#gone.size + this.#neverWritten.size;
  }

  /** These keys were written: what was taken away is gone. */
  written(keys: Iterable<string>): void {
    if (this.#gone.size > 0) for (const key of keys) this.#gone.delete(key);
  }

  /** The next entries of a kind behind a key, oldest first; what is being sent otherwise is passed over. */
  async read(kind: EntryKind, after: string, passOver: (number: number) => boolean): Promise<StoredEntry[]> {
    const { gte, lt } = rangeOf(kind);
    for (let from = after; ; ) {
      const range = from === '' ? { gte, lt } : { gt: from, lt };
      const read = await this.store.entries(range, AT_A_TIME);
      const wanted = read.flatMap(([key, value]): StoredEntry[] => {
        const about = parseKey(key);
        if (about === undefined || this.#gone.has(key) || passOver(about.number)) return [];
        return [{ key, about, value: unsealed(value) }];
      });
      if (wanted.length > 0 || read.length < AT_A_TIME) return wanted;
      from = read[read.length - 1][0];
    }
  }

  /** Makes room where a bound is met. `busy`: entries on their way, which stay. */
  async cut(busy: (number: number) => boolean): Promise<void> {
    await this.#cutOld(busy);
    const { maxBytes, maxRecords } = this.bounds;
    if (this.bytes > maxBytes) {
      const enough = () => this.bytes <= maxBytes * (1 - ROOM);
      if (this.telemetryBytes > 0) await this.#cutUntil('telemetry', 'bytes', enough, busy);
      if (!enough()) await this.#cutUntil('result', 'bytes', enough, busy);
    }
    if (this.records > maxRecords)
      await this.#cutUntil('result', 'records', () => this.records <= maxRecords * (1 - ROOM), busy);
  }

  async #cutUntil(kind: EntryKind, cause: DropCause, enough: () => boolean, busy: (n: number) => boolean) {
    let count = 0;
    for (let after = ''; !enough(); ) {
      const { gte, lt } = rangeOf(kind);
      const keys = await this.store.keys(after === '' ? { gte, lt } : { gt: after, lt }, AT_A_TIME);
      for (const key of keys) {
        const about = parseKey(key);
        if (enough() || !about || this.#gone.has(key) || busy(about.number)) continue;
        this.remove(key, about);
        count += about.records;
      }
      if (keys.length < AT_A_TIME) break;
      after = keys[keys.length - 1];
    }
    if (count > 0) this.onCut(kind, cause, count);
  }

  async #cutOld(busy: (number: number) => boolean): Promise<void> {
    const maxAgeMs = this.bounds.maxAgeS * 1000;
    for (const kind of ['telemetry', 'result'] as const) {
      // What is left goes with the next look.
      const { gte, lt } = rangeOf(kind);
      const keys = (await this.store.keys({ gte, lt }, MOST_AT_A_LOOK)).filter((key) => !this.#gone.has(key));
      let count = 0;
      for (const key of keys) {
        const about = parseKey(key);
        if (!about || this.#times.ageMs(about) <= maxAgeMs || busy(about.number)) continue;
        this.remove(key, about);
        count += about.records;
      }
      if (count > 0) this.onCut(kind, 'age', count);
    }
  }
}

/** A stored value as a result; undefined where it is none. */
export function resultOf(value: unknown): StoredResult | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { source, predictions } = value as Partial<StoredResult>;
  return typeof source === 'string' && Array.isArray(predictions) ? (value as StoredResult) : undefined;
}
