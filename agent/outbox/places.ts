/**
 * How far each source was read, and the outbox's own numbers. A copy stands in a file of its own, written now and then: by it
 * damage is noticed, and survived. Where something was lost, a source that can be read again is read again, under the same
 * numbers; the numbers of others go on higher up: a gap is better than two records under one number.
 */
import { readFile } from 'node:fs/promises';
import { writeDurably } from '../durable-file.js';
import type { ReadUpTo } from '../sources/source.js';
import { sealed, unsealed } from './entry.js';
import type { Opening, Store } from './store.js';
import type { Writer } from './writer.js';

const PLACE = 'p:';
const COUNTERS = 'm:counters';
const RUN = 'm:run';
/** More than can be numbered between two syncs. */
const LEAP = 1_000_000;

/** A place with what the source's publish rules remembered there. */
export type KeptPlace = ReadUpTo & { readonly rules?: object };

interface Counters {
  readonly number: number;
  readonly event: number;
}

interface Copy extends Counters {
  readonly places: Readonly<Record<string, KeptPlace>>;
}

/** `power-lost`: the machine went down while an agent ran; what was not synced is missing. */
export type Found = 'fine' | 'power-lost' | 'damaged';

export class Places {
  counter = 0;
  #event = 0;
  readonly #places = new Map<string, KeptPlace>();
  #found: Found = 'fine';
  #wasKilled = false;
  #run: { readonly boot: string | undefined; readonly open: boolean } = { boot: undefined, open: true };
  #copied = 0;

  constructor(
    private readonly writer: Pick<Writer, 'set'>,
    private readonly copyFile: string,
    private readonly nowMs: () => number,
  ) {}

  /** Reads what was kept, and says what became of it. */
  async open(store: Pick<Store, 'get' | 'entries'>, opening: Opening, boot: string | undefined): Promise<Found> {
    const counters = opened<Counters>(await store.get(COUNTERS));
    const copy = opened<Copy>(await readFile(this.copyFile, 'utf8').catch(() => undefined));
    const run = opened<{ boot?: string; open: boolean }>(await store.get(RUN));
    let damaged = opening !== 'fine' || (copy?.number ?? 0) > (counters?.number ?? 0);
    for (const [key, value] of await store.entries({ gte: PLACE, lt: `${PLACE}\uffff` })) {
      const upTo = opened<KeptPlace>(value);
      if (upTo) this.#places.set(key.slice(PLACE.length), upTo);
      else damaged = true;
    }
    // A place of the store's own goes with what is still in the store; the copy's is newer, and better than none.
    for (const [source, place] of Object.entries(copy?.places ?? {}))
      if (!this.#places.has(source)) this.#places.set(source, place);
    if (run && run.boot !== boot && (run.open || damaged)) this.#found = 'power-lost';
    else if (damaged) this.#found = 'damaged';
    this.#wasKilled = run?.open ?? false;
    this.counter = Math.max(counters?.number ?? 0, copy?.number ?? 0);
    this.#event = Math.max(counters?.event ?? 0, copy?.event ?? 0) + (this.#found === 'fine' ? 0 : LEAP);
    this.#run = { boot, open: true };
    this.writer.set(RUN, sealed(this.#run));
    return this.#found;
  }

  /** `again`: the source can be read again, so that what was lost gets the same numbers once more. */
  readUpTo(source: string, again: boolean): KeptPlace | undefined {
    const place = this.#places.get(source);
    const isUnsure = this.#wasKilled || this.#found !== 'fine';
    const known = place && { ...place, ...(isUnsure && { unsure: true as const }) };
    if (this.#found === 'fine' || (again && known?.position !== undefined)) return known;
    if (this.#found === 'power-lost' && !known) return undefined;
    const least = this.#found === 'damaged' ? this.nowMs() : 0;
    return { ...known, seq: Math.max((known?.seq ?? 0) + LEAP, least) };
  }

  /** Writes the copy, if something has changed since the last one. */
  async copy(): Promise<void> {
    if (this.#copied === this.counter + this.#event) return;
    this.#copied = this.counter + this.#event;
    const places = Object.fromEntries(this.#places);
    await writeDurably(this.copyFile, sealed({ number: this.counter, event: this.#event, places } satisfies Copy));
  }

  /** True where nothing was known of this source. */
  set(source: string, upTo: KeptPlace): boolean {
    const isNew = !this.#places.has(source);
    this.#places.set(source, upTo);
    this.writer.set(`${PLACE}${source}`, () => sealed(this.#places.get(source)));
    this.#keepCounters();
    return isNew;
  }

  /** The number of one more event. */
  nextEvent(): number {
    this.#event++;
    this.#keepCounters();
    return this.#event;
  }

  /** The agent ends in order: nothing is missing at the next start. */
  closing(): void {
    this.writer.set(RUN, sealed({ ...this.#run, open: false }));
  }

  #keepCounters(): void {
    this.writer.set(COUNTERS, () => sealed({ number: this.counter, event: this.#event } satisfies Counters));
  }
}

/** A sealed object; undefined where it is missing or damaged. */
function opened<T extends object>(text: string | undefined): T | undefined {
  const value = text === undefined ? undefined : unsealed(text);
  return typeof value === 'object' && value !== null ? (value as T) : undefined;
}
