/**
 * What waits for the broker, kept over crashes: results with the places their sources were read up to, events, and some of the
 * telemetry of the time offline.
 *
 * Invariants: a source's place and the results of what was read before it are in one write, or the results are delivered
 * already; no number of a source is published for two records; a result leaves the outbox only when the broker has it, a bound
 * is met (which is told), or the broker refuses it (then it is a dead letter).
 */
import { dirname, join } from 'node:path';
import type { LabelCounts, Payloads, ResultPrediction } from '../../src/protocol/index.js';
import { type Clock, timestamp } from '../clock.js';
import type { Log } from '../log.js';
import type { ReadUpTo } from '../sources/source.js';
import { Backlog, type Bounds, type DropCause, type StoredEntry } from './backlog.js';
import type { DeadLetters } from './dead-letters.js';
import { type Carrier, Delivery } from './delivery.js';
import { DropNews } from './drop-news.js';
import {
  type EntryKey,
  type EntryKind,
  keyOf,
  parseKey,
  rangeOf,
  type StoredResult,
  sealed,
  unsealed,
} from './entry.js';
import { Events } from './events.js';
import { Live, type Parcel } from './live.js';
import { type KeptPlace, Places } from './places.js';
import { bytesOf, portions } from './portions.js';
import { SafeKeeping } from './safe-keeping.js';
import { bootId, Store } from './store.js';
import { Writer } from './writer.js';

/** So many waiting records hold the pipeline back while the link is up, until half of them are gone. */
const RECORDS_WAITING = 512;
/** So many entries that are not on disk yet are written at once; twice as many hold the pipeline back. */
const ENTRIES_UNWRITTEN = 256;
/** A link that took live results and delivered none for so long: they go to disk, and nobody waits for it. */
const STALLED_MS = 2000;
const LOOK_MS = 1000;
/** How often ages and sizes are looked at while nothing comes. */
const CUT_EVERY_MS = 10_000;
/** How often the places are copied beside, for the case that the outbox is damaged. */
const COPY_EVERY_MS = 60_000;
/** The first time in a run comes sooner: lives may be short. */
const FIRST_COPY_MS = 5000;
/** Telemetry that is kept of the time offline: one message in so long. */
const TELEMETRY_EVERY_MS = 60_000;

export interface OutboxOptions {
  readonly folder: string;
  readonly bounds: Bounds;
  readonly writeMs: number;
  readonly syncMs: number;
  readonly replayPerSecond: number;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: LevelDB in the folder. */
  readonly storeOf?: (folder: string) => Store;
}

/** What was answered of one source, with where the source stands behind it. */
export interface Answered {
  readonly source: string;
  readonly predictions: readonly ResultPrediction[];
  /** A window of counts that is over. */
  readonly counts?: LabelCounts;
  /** What the source's rules remember, kept with its place. */
  readonly rules?: object;
  /** Undefined where the source's place stays as it is. */
  readonly upTo?: ReadUpTo;
  /** The source reads it again after a crash, so that it may be published before it is written. */
  readonly early: boolean;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #backlog: Backlog;
  readonly #live = new Live();
  readonly #safe = new SafeKeeping();
  readonly #delivery: Delivery;
  readonly #events: Events;
  readonly #places: Places;
  #carrier: Carrier | undefined;
  #number = 0;
  #roomAgain: (() => void)[] = [];
  #drained: (() => void)[] = [];
  #look: NodeJS.Timeout | undefined;
  #cutAtMs = 0;
  #copiedAtMs = 0;
  #cutting = false;
  #telemetryAtMs = Number.NEGATIVE_INFINITY;
  readonly #drops: DropNews;

  constructor(options: OutboxOptions) {
    const { folder, bounds, writeMs, syncMs, replayPerSecond, clock, log } = options;
    this.#options = options;
    this.#store = (options.storeOf ?? ((path) => new Store(path)))(folder);
    this.#writer = new Writer({
      store: this.#store,
      writeMs,
      syncMs,
      clock,
      log,
      onFailing: (reason) => this.event('outbox-failing', `the outbox can't be written: ${reason}`, { reason }),
      onWritten: (keys) => this.#written(keys),
    });
    this.#backlog = new Backlog(this.#store, this.#writer, bounds, clock, (...cut) => this.#onCut(...cut));
    this.#drops = new DropNews(log, (...event) => this.event(...event));
    this.#places = new Places(this.#writer, join(dirname(folder), 'places.json'), clock.now);
    this.#events = new Events(log, (key) => this.#remove(key));
    this.#delivery = new Delivery({
      live: this.#live,
      backlog: this.#backlog,
      clock,
      replayPerSecond,
      mayGo: (entry) => entry.early || entry.written || this.#writer.failing !== undefined,
      onDelivered: (parcel) => this.#delivered(parcel),
      onRefused: (...refused) => this.#refused(...refused),
      onDamaged: (entry) => this.#damaged(entry),
    });
  }

  get deadLetters(): DeadLetters {
    return this.#options.deadLetters;
  }

  /** Opens what is on disk and counts it. Throws `STATE_UNUSABLE`, `STATE_IN_USE`. */
  async open(): Promise<void> {
    const { log } = this.#options;
    const opening = await this.#store.open();
    const highest = await this.#backlog.count();
    const found = await this.#places.open(this.#store, opening, await bootId());
    this.#number = Math.max(highest, this.#places.counter);
    if (found === 'damaged') {
      const message = 'the outbox was damaged; sources are read again where they can be, the numbers of others leap';
      log.warn(message);
      this.event('outbox-damaged', message, { opening });
    } else if (found === 'power-lost') log.info('the machine went down without a word; numbers of some sources leap');
    for (const [key, value] of await this.#store.entries(rangeOf('event'))) {
      const event = unsealed(value) as Payloads['event'] | undefined;
      if (event) this.#events.add({ key, event: { ...event, historical: true } });
      else this.#remove(key);
    }
    this.#copiedAtMs = performance.now() + FIRST_COPY_MS - COPY_EVERY_MS;
    this.#look = setInterval(() => void this.#lookAround(), LOOK_MS);
    this.#look.unref();
  }

  /** How far a source was read in earlier runs. `again`: it can be read again from a place. */
  readUpTo(source: string, again: boolean): KeptPlace | undefined {
    return this.#places.readUpTo(source, again);
  }

  /** A source stands here, and nothing before it will come. The first time this is kept at once. */
  place(source: string, upTo: ReadUpTo): void {
    if (this.#places.set(source, upTo)) void this.#writer.write().then(() => this.#copyPlaces());
  }

  /**
   * Takes answers. The promise resolves when they are kept, and when there is room for more; there is none where both are so
   * already.
   */
  add(answers: readonly Answered[]): Promise<void> | undefined {
    let mustWrite = false;
    const unsafe: number[] = [];
    for (const { source, predictions, counts, upTo, rules, early } of answers) {
      const results = [...portions(predictions)].map((some): StoredResult => ({ source, predictions: some }));
      if (counts) results.push({ source, predictions: [], counts });
      const numbers = results.map((result) => this.#addResult(result, early));
      if (!early) unsafe.push(...numbers);
      if (upTo) this.#places.set(source, { ...upTo, ...(rules && { rules }) });
      mustWrite ||= !early;
    }
    // Where the disk is full, the broker is as good: whoever waits for an answer gets none before either has it.
    const written = mustWrite
      ? this.#writer.write().then((isWritten) => (isWritten ? undefined : this.#safe.wait(this.#live.unsafeOf(unsafe))))
      : undefined;
    if (!mustWrite && this.#writer.unwritten >= ENTRIES_UNWRITTEN && !this.#delivery.carrying)
      void this.#writer.write();
    this.#delivery.pump();
    if (this.#hasRoom) return written;
    const room = new Promise<void>((resolve) => this.#roomAgain.push(resolve));
    return written ? written.then(() => room) : room;
  }

  /** Keeps an event and publishes it, now or when there is a connection. */
  event(kind: string, message: string, fields: Record<string, unknown> = {}): void {
    const event = {
      ...fields,
      v: 1 as const,
      ts: timestamp(this.#options.clock),
      kind,
      message,
      seq: this.#places.nextEvent(),
    };
    const key = this.#keep('event', 0, event);
    this.#events.add({ key, event });
    void this.#writer.write();
  }

  /** Keeps telemetry of the time offline, thinned. */
  telemetry(message: Payloads['telemetry']): void {
    const nowMs = performance.now();
    if (nowMs - this.#telemetryAtMs < TELEMETRY_EVERY_MS) return;
    this.#telemetryAtMs = nowMs;
    this.#keep('telemetry', 0, message);
  }

  /** There is a connection: what waits goes over it, as soon as all of it is on disk, to be read in order. */
  carry(carrier: Carrier): void {
    this.#carrier = carrier;
    this.#events.carry(carrier);
    void this.#writer.write().then(() => {
      if (this.#carrier !== carrier) return;
      this.#live.resume();
      this.#delivery.carry(carrier);
    });
  }

  /** The connection has ended: what was not acknowledged is sent again over the next. */
  rest(): void {
    this.#carrier = undefined;
    this.#delivery.rest();
    this.#events.rest();
    this.#live.keep({ sent: true });
    void this.#writer.write();
    this.#makeRoom();
  }

  /** Records and bytes that the broker does not have yet, and events. */
  get waiting(): { readonly records: number; readonly bytes: number; readonly events: number } {
    return { records: this.#backlog.records, bytes: this.#backlog.bytes, events: this.#events.count };
  }

  /** Whether the pipeline waits for it: for the disk, or for a broker that is slow. */
  get holds(): boolean {
    return this.#roomAgain.length > 0 || this.#safe.waits;
  }

  /** Resolves when all live results and all events have arrived. What lies on disk can wait. */
  drained(): Promise<void> {
    if (this.#isDrained) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Writes what is left and closes. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    this.rest();
    this.#places.closing();
    await this.#writer.close();
    await this.#copyPlaces();
    await this.#store.close();
  }

  get #isDrained(): boolean {
    return this.#live.records === 0 && this.#events.count === 0;
  }

  get #hasRoom(): boolean {
    if (this.#writer.unwritten >= 2 * ENTRIES_UNWRITTEN) return false;
    return !this.#delivery.carrying || this.#live.waitingRecords < RECORDS_WAITING;
  }

  #addResult(result: StoredResult, early: boolean): number {
    const { predictions, counts } = result;
    const bytes = predictions.reduce((sum, each) => sum + bytesOf(each), counts ? JSON.stringify(counts).length : 0);
    const about = this.#about('result', Math.max(1, predictions.length), bytes);
    const key = keyOf(about);
    const state = this.#delivery.carrying ? 'waiting' : 'kept';
    this.#live.add({ ...result, key, about, early, written: false, state });
    this.#writer.put(key, () => sealed(result));
    this.#backlog.added(about);
    return about.number;
  }

  #keep(kind: EntryKind, records: number, value: object): string {
    const text = sealed(value);
    const about = this.#about(kind, records, text.length);
    const key = keyOf(about);
    this.#writer.put(key, text);
    this.#backlog.added(about);
    return key;
  }

  #about(kind: EntryKind, records: number, bytes: number): EntryKey {
    this.#number++;
    this.#places.counter = this.#number;
    return { kind, number: this.#number, records, bytes, atS: this.#backlog.stampS(this.#number) };
  }

  #written(keys: Iterable<string>): void {
    let toReplay = false;
    const all = [...keys];
    for (const key of all) {
      const about = key.startsWith('r') ? parseKey(key) : undefined;
      if (!about) continue;
      if (this.#live.written(about.number)) toReplay = true;
      this.#safe.safe(about.number);
    }
    this.#backlog.written(all);
    this.#delivery.pump();
    if (toReplay) this.#delivery.wakeReplay();
    this.#makeRoom();
    if (this.#overBounds) void this.#cut();
  }

  #delivered({ entries }: Parcel): void {
    for (const { key, about } of entries) {
      this.#live.delivered(about.number);
      this.#safe.safe(about.number);
      this.#backlog.remove(key, about);
    }
    this.#makeRoom();
    this.#tellDrained();
  }

  #refused(parcel: Parcel, content: readonly ResultPrediction[], reason: string): void {
    const { source } = parcel;
    this.deadLetters.add({ what: 'result', source, reason, content });
    this.#drops.refused(source, reason, Math.max(1, content.length)); // a window of counts has no records
    this.#delivered(parcel);
  }

  #damaged({ key, about }: StoredEntry): void {
    this.#remove(key);
    this.#onCut(about.kind, 'damaged', about.records);
  }

  #remove(key: string): void {
    const about = parseKey(key);
    if (about) this.#backlog.remove(key, about);
    this.#tellDrained();
  }

  #onCut(kind: EntryKind, cause: DropCause, count: number): void {
    if (kind === 'result') this.#drops.cut(cause, count);
  }

  /** What was dropped since the start, by cause. */
  get dropped(): Readonly<Record<string, number>> {
    return this.#drops.counts;
  }

  async #lookAround(): Promise<void> {
    this.#drops.look();
    if (this.#delivery.stalledMs > STALLED_MS && this.#live.waitingRecords > 0) {
      this.#live.keep({ sent: false });
      void this.#writer.write();
      this.#makeRoom();
    }
    if (performance.now() - this.#cutAtMs >= CUT_EVERY_MS) await this.#cut();
    if (performance.now() - this.#copiedAtMs >= COPY_EVERY_MS && (await this.#writer.write())) await this.#copyPlaces();
  }

  async #copyPlaces(): Promise<void> {
    this.#copiedAtMs = performance.now();
    await this.#places.copy().catch(() => undefined); // the next one is tried in a while
  }

  get #overBounds(): boolean {
    const { maxBytes, maxRecords } = this.#options.bounds;
    return this.#backlog.bytes > maxBytes || this.#backlog.records > maxRecords;
  }

  async #cut(): Promise<void> {
    if (this.#cutting) return;
    this.#cutting = true;
    this.#cutAtMs = performance.now();
    try {
      await this.#backlog.cut((number) => this.#live.has(number) || this.#delivery.replaying(number));
    } catch {
      // the store is being opened again; there is another look
    } finally {
      this.#cutting = false;
    }
  }

  #makeRoom(): void {
    if (this.#roomAgain.length === 0) return;
    const half = this.#live.waitingRecords <= RECORDS_WAITING / 2 || !this.#delivery.carrying;
    if (!half || !this.#hasRoom) return;
    const waiting = this.#roomAgain;
    this.#roomAgain = [];
    for (const resolve of waiting) resolve();
  }

  #tellDrained(): void {
    if (!this.#isDrained) return;
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}
