/** Results that are sent as they come: in order per source, sources in turn, several to a message when they come fast. */
import type { EntryKey, StoredResult } from './entry.js';

/** Records in one message, and bytes; a message stays below the contract's 256 KiB. */
export const RECORDS_A_MESSAGE = 32;
export const BYTES_A_MESSAGE = 128 * 1024;

export interface LiveEntry extends StoredResult {
  readonly key: string;
  readonly about: EntryKey;
  /** It may be sent before it is written: its source is read again after a crash, and numbers it the same. */
  readonly early: boolean;
  written: boolean;
  /** `kept`: not to be sent from memory now. */
  state: 'waiting' | 'sent' | 'kept';
}

/** Some entries of one source that share a message. */
export interface Parcel {
  readonly source: string;
  readonly entries: readonly Pick<LiveEntry, 'key' | 'about' | 'predictions' | 'counts'>[];
  readonly records: number;
}

/** Joins entries of one source to a parcel, from the front, as many as a message takes. Counts go by themselves. */
export function parcelOf<Entry extends Parcel['entries'][number] & { readonly source: string }>(
  entries: readonly Entry[],
): Parcel & { readonly entries: readonly Entry[] } {
  let count = 0;
  let records = 0;
  for (let bytes = 0; count < entries.length; count++) {
    const { about, counts } = entries[count];
    if (count > 0 && (counts !== undefined || entries[0].counts !== undefined)) break;
    if (count > 0 && (records + about.records > RECORDS_A_MESSAGE || bytes + about.bytes > BYTES_A_MESSAGE)) break;
    records += about.records;
    bytes += about.bytes;
  }
  return { source: entries[0].source, entries: entries.slice(0, count), records };
}

/** Invariant: an entry is in `#entries` from `add` until it is delivered, or kept and written. */
export class Live {
  readonly #entries = new Map<number, LiveEntry>();
  readonly #lanes = new Map<string, LiveEntry[]>();
  #waitingRecords = 0;
  /** Records in memory, waiting, sent or kept. */
  records = 0;

  get waitingRecords(): number {
    return this.#waitingRecords;
  }

  has(number: number): boolean {
    return this.#entries.has(number);
  }

  /** Those that are in memory alone. */
  unsafeOf(numbers: readonly number[]): number[] {
    return numbers.filter((number) => this.#entries.get(number)?.written === false);
  }

  /** Takes it in; one that waits stands in the line of its source. */
  add(entry: LiveEntry): void {
    this.#entries.set(entry.about.number, entry);
    this.records += entry.about.records;
    if (entry.state === 'waiting') this.#line(entry);
  }

  /** The next parcel; undefined where nothing may be sent yet. */
  take(mayGo: (entry: LiveEntry) => boolean): (Parcel & { readonly entries: readonly LiveEntry[] }) | undefined {
    for (const [source, lane] of this.#lanes) {
      const held = lane.findIndex((entry) => !mayGo(entry));
      const ready = held < 0 ? lane : lane.slice(0, held);
      if (ready.length === 0) continue;
      const parcel = parcelOf(ready);
      const rest = lane.slice(parcel.entries.length);
      this.#lanes.delete(source); // to the end of the turn
      if (rest.length > 0) this.#lanes.set(source, rest);
      for (const entry of parcel.entries) entry.state = 'sent';
      this.#waitingRecords -= parcel.records;
      return parcel;
    }
    return undefined;
  }

  delivered(number: number): void {
    const entry = this.#entries.get(number);
    if (entry) this.#letGo(entry);
  }

  /** It is on disk: one that is kept is read from there later. True where it was let go of. */
  written(number: number): boolean {
    const entry = this.#entries.get(number);
    if (!entry) return false;
    entry.written = true;
    if (entry.state === 'kept') this.#letGo(entry);
    return entry.state === 'kept';
  }

  /** Nothing that waits is sent from memory any more; with `sent`, what is on its way is kept too. */
  keep({ sent }: { readonly sent: boolean }): void {
    this.#lanes.clear();
    this.#waitingRecords = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state === 'sent' && !sent) continue;
      entry.state = 'kept';
      if (entry.written) this.#letGo(entry);
    }
  }

  /** What is in memory alone waits to be sent again, oldest first. */
  resume(): void {
    for (const [, entry] of [...this.#entries].sort(([a], [b]) => a - b)) {
      if (entry.state !== 'kept') continue;
      entry.state = 'waiting';
      this.#line(entry);
    }
  }

  #letGo(entry: LiveEntry): void {
    this.#entries.delete(entry.about.number);
    this.records -= entry.about.records;
  }

  #line(entry: LiveEntry): void {
    const lane = this.#lanes.get(entry.source);
    if (lane) lane.push(entry);
    else this.#lanes.set(entry.source, [entry]);
    this.#waitingRecords += entry.about.records;
  }
}
