/**
 * Brings results to the broker: live ones as they come, and what waited on disk beside them, marked historical, oldest first,
 * paced, and only while no live result waits.
 */
import { encodeResult, MESSAGE_LIMIT_BYTES, type Payloads, type ResultPrediction } from '../../src/protocol/index.js';
import { type Clock, timestamp } from '../clock.js';
import { type Backlog, resultOf, type StoredEntry } from './backlog.js';
import { type Live, type LiveEntry, type Parcel, parcelOf } from './live.js';
import { messagesOf } from './messages.js';

/** Messages not acknowledged yet; beyond them live records wait and share the next message. */
const LIVE_IN_FLIGHT = 8;
const REPLAY_IN_FLIGHT = 3;
/** Telemetry of the time offline, a second. */
const TELEMETRY_PER_SECOND = 20;
const UNREADABLE_PAUSE_MS = 250;
/** So little waits after a short break that live results wait for it, so long at most: all arrives in order then. */
const CATCH_UP_RECORDS = 512;
const CATCH_UP_MS = 500;

/** A connection, as far as the outbox uses it. */
export interface Carrier {
  readonly session: number;
  /** The longest payload of a source's results that the broker takes. */
  mostBytes(source: string): number;
  /** Resolves when the broker has it. Rejects with NotDelivered. */
  publish(kind: 'result' | 'event' | 'telemetry', source: string, payload: string): Promise<void>;
}

export interface DeliveryOptions {
  readonly live: Live;
  readonly backlog: Backlog;
  readonly clock: Clock;
  /** Records a second that are replayed at most. */
  readonly replayPerSecond: number;
  /** May a live entry go that is not written yet? */
  readonly mayGo: (entry: LiveEntry) => boolean;
  /** The broker has it. */
  readonly onDelivered: (parcel: Parcel) => void;
  /** The broker has it but for these records, which it refused or which are too long to be sent: trying again would not help. */
  readonly onRefused: (parcel: Parcel, refused: readonly ResultPrediction[], reason: string) => void;
  /** A stored entry can't be read. */
  readonly onDamaged: (entry: StoredEntry) => void;
}

/** What the link's NotDelivered says. */
function wasRefused(error: unknown): error is Error {
  return error instanceof Error && 'refused' in error && error.refused === true;
}

/** One connection's time: begins with `carry`, ends with `rest`. */
export class Delivery {
  readonly #options: DeliveryOptions;
  #carrier: Carrier | undefined;
  #ending = new AbortController();
  #liveInFlight = 0;
  #progressMs = 0;
  readonly #replayInFlight = new Set<number>();
  #replayRecords = 0;
  #replaysOpen = 0;
  #wake: (() => void) | undefined;
  #woken = false;
  #slotFree: (() => void) | undefined;
  #catchingUp = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  get carrying(): boolean {
    return this.#carrier !== undefined;
  }

  /** For how long live results are on their way and none has arrived, in ms. */
  get stalledMs(): number {
    return this.#liveInFlight > 0 ? performance.now() - this.#progressMs : 0;
  }

  /** True for entries that are being replayed. */
  replaying(number: number): boolean {
    return this.#replayInFlight.has(number);
  }

  carry(carrier: Carrier): void {
    this.#carrier = carrier;
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    this.#catchingUp = this.#somethingStored && this.#storedRecords <= CATCH_UP_RECORDS;
    if (this.#catchingUp) void this.#pause(CATCH_UP_MS, signal).then(() => this.#caughtUp(carrier));
    this.pump();
    void this.#replay(carrier, signal);
  }

  rest(): void {
    this.#carrier = undefined;
    this.#ending.abort();
    this.#liveInFlight = 0;
    this.#replayInFlight.clear();
    this.#replaysOpen = 0;
    this.#replayRecords = 0;
    this.#catchingUp = false;
    this.wakeReplay();
    this.#slotFree?.();
  }

  /** There may be something to send. */
  pump(): void {
    const { live, mayGo } = this.#options;
    const carrier = this.#carrier;
    while (carrier !== undefined && !this.#catchingUp && this.#liveInFlight < LIVE_IN_FLIGHT) {
      const parcel = live.take(mayGo);
      if (!parcel) break;
      if (this.#liveInFlight++ === 0) this.#progressMs = performance.now();
      void this.#send(carrier, parcel, false).then((arrived) => {
        if (this.#carrier !== carrier) return;
        this.#liveInFlight--;
        if (arrived) this.#progressMs = performance.now();
        this.pump();
      });
    }
    if (this.#somethingStored) this.wakeReplay();
  }

  /** Something was put on disk that is to be replayed, or live results no longer wait. */
  wakeReplay(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #caughtUp(carrier: Carrier): void {
    if (!this.#catchingUp || this.#carrier !== carrier) return;
    this.#catchingUp = false;
    this.pump();
  }

  /** Records on disk that are not being sent. */
  get #storedRecords(): number {
    const { backlog, live } = this.#options;
    return backlog.records - live.records - this.#replayRecords;
  }

  get #somethingStored(): boolean {
    return this.#storedRecords > 0 || this.#options.backlog.telemetryBytes > 0;
  }

  /** Live results go first. */
  get #mustGiveWay(): boolean {
    return this.#options.live.waitingRecords > 0 && !this.#catchingUp;
  }

  /** True where the broker has it or refused it; false where the connection ended first. */
  async #send(carrier: Carrier, parcel: Parcel, historical: boolean): Promise<boolean> {
    const { clock, onDelivered, onRefused } = this.#options;
    const { source, entries } = parcel;
    const { counts } = entries[0];
    const ts = timestamp(clock);
    const more = { ...(counts && { counts }), ...(historical && { historical: true as const }) };
    const mostBytes = Math.min(MESSAGE_LIMIT_BYTES, carrier.mostBytes(source));
    const all = entries.flatMap((entry) => entry.predictions);
    const { messages, tooLong } = messagesOf(all, mostBytes, (predictions) =>
      encodeResult(ts, carrier.session, { predictions: [...predictions], ...more }),
    );
    const refused = [...tooLong];
    let reason = messages.length === 0 || tooLong.length > 0 ? `a message has at most ${mostBytes} bytes` : undefined;
    const ends = await Promise.allSettled(messages.map(({ payload }) => carrier.publish('result', source, payload)));
    for (const [at, end] of ends.entries()) {
      if (end.status === 'fulfilled') continue;
      const error: unknown = end.reason;
      if (!wasRefused(error)) return false;
      reason = `the broker refused it: ${error.message}`;
      refused.push(...messages[at].predictions);
    }
    if (reason === undefined) onDelivered(parcel);
    else onRefused(parcel, refused, reason);
    return true;
  }

  async #replay(carrier: Carrier, signal: AbortSignal): Promise<void> {
    const { live, backlog, replayPerSecond } = this.#options;
    for (let after = ''; !signal.aborted; ) {
      if (this.#mustGiveWay || !this.#somethingStored) {
        this.#caughtUp(carrier);
        await this.#nextWake();
        continue;
      }
      const entries = await this.#read('result', after, (number) => live.has(number));
      for (const parcel of signal.aborted ? [] : this.#parcels(entries)) {
        await this.#replaySlot(signal);
        if (signal.aborted) return;
        this.#replayOne(carrier, parcel);
        if (!this.#catchingUp) await this.#pause((parcel.records * 1000) / replayPerSecond, signal);
      }
      if (entries.length > 0) {
        after = entries[entries.length - 1].key;
        continue;
      }
      this.#caughtUp(carrier);
      if (backlog.telemetryBytes > 0) await this.#replayTelemetry(carrier, signal);
      else await this.#nextWake();
    }
  }

  /** Stored entries as parcels; each source's in their order. */
  #parcels(entries: readonly StoredEntry[]): Parcel[] {
    const lanes = new Map<string, (Parcel['entries'][number] & { source: string })[]>();
    for (const entry of entries) {
      const result = resultOf(entry.value);
      if (!result) {
        this.#options.onDamaged(entry);
        continue;
      }
      const whole = { key: entry.key, about: entry.about, ...result };
      const lane = lanes.get(result.source);
      if (lane) lane.push(whole);
      else lanes.set(result.source, [whole]);
    }
    const parcels: Parcel[] = [];
    for (let lane of lanes.values())
      while (lane.length > 0) {
        const parcel = parcelOf(lane);
        lane = lane.slice(parcel.entries.length);
        parcels.push(parcel);
      }
    return parcels;
  }

  #replayOne(carrier: Carrier, parcel: Parcel): void {
    for (const { about } of parcel.entries) this.#replayInFlight.add(about.number);
    this.#replaysOpen++;
    this.#replayRecords += parcel.records;
    void this.#send(carrier, parcel, true).then(() => {
      if (this.#carrier !== carrier) return;
      for (const { about } of parcel.entries) this.#replayInFlight.delete(about.number);
      this.#replaysOpen--;
      this.#replayRecords -= parcel.records;
      this.#slotFree?.();
    });
  }

  /** Resolves when one more may be under way, and no live result waits. */
  async #replaySlot(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#replaysOpen >= (this.#catchingUp ? LIVE_IN_FLIGHT : REPLAY_IN_FLIGHT))
      await new Promise<void>((resolve) => {
        this.#slotFree = resolve;
      });
    while (!signal.aborted && this.#mustGiveWay) await this.#nextWake();
  }

  async #replayTelemetry(carrier: Carrier, signal: AbortSignal): Promise<void> {
    for (const entry of await this.#read('telemetry', '', () => false)) {
      if (signal.aborted) return;
      if (entry.value === undefined) {
        this.#options.onDamaged(entry);
        continue;
      }
      const message = { ...(entry.value as Payloads['telemetry']), historical: true };
      try {
        await carrier.publish('telemetry', '', JSON.stringify(message));
      } catch (error) {
        if (!wasRefused(error)) return;
      }
      this.#options.onDelivered({ source: '', records: 0, entries: [{ ...entry, predictions: [] }] });
      await this.#pause(1000 / TELEMETRY_PER_SECOND, signal);
    }
  }

  /** A store that can't be read now (it is being opened again) has nothing for the moment. */
  async #read(kind: 'result' | 'telemetry', after: string, passOver: (number: number) => boolean) {
    return await this.#options.backlog.read(kind, after, passOver).catch(async () => {
      await this.#pause(UNREADABLE_PAUSE_MS, this.#ending.signal);
      return [] as StoredEntry[];
    });
  }

  async #nextWake(): Promise<void> {
    if (!this.#woken)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = undefined;
    this.#woken = false;
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(ms, signal);
  }
}
