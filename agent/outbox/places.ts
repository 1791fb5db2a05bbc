/**
 * How far each source was read, and the outbox's own numbers. Where some of that may have been lost, numbers go on higher up: a
 * gap is better than two records under one number.
 */
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

export class Places {
  counter = 0;
  #event = 0;
  readonly #places = new Map<string, KeptPlace>();
  /** Numbers may be missing from what was read: of all sources, or of those alone that can't be read again. */
  #lost: 'nothing' | 'last' | 'all' = 'nothing';
  #run: { readonly boot: string | undefined; readonly open: boolean } = { boot: undefined, open: true };

  constructor(
    private readonly writer: Pick<Writer, 'set'>,
    private readonly nowMs: () => number,
  ) {}

  /** Reads what was kept. `power-lost`: the machine went down while an agent ran, so that what was not synced is missing. */
  async open(store: Pick<Store, 'get' | 'entries'>, opening: Opening, boot: string | undefined) {
    const counters = opened<Counters>(await store.get(COUNTERS));
    this.counter = counters?.number ?? 0;
    this.#event = counters?.event ?? 0;
    const run = opened<{ boot?: string; open: boolean }>(await store.get(RUN));
    for (const [key, value] of await store.entries({ gte: PLACE, lt: `${PLACE}\uffff` })) {
      const upTo = opened<KeptPlace>(value);
      if (upTo) this.#places.set(key.slice(PLACE.length), upTo);
      else this.#lost = 'all';
    }
    if (opening !== 'fine') this.#lost = 'all';
    else if (this.#lost === 'nothing' && run?.open && run.boot !== boot) this.#lost = 'last';
    if (this.#lost !== 'nothing') this.#event += LEAP;
    this.#run = { boot, open: true };
    this.writer.set(RUN, sealed(this.#run));
    return this.#lost === 'last' ? ('power-lost' as const) : ('fine' as const);
  }

  /** `again`: the source can be read again, so that what was lost gets the same numbers once more. */
  readUpTo(source: string, again: boolean): KeptPlace | undefined {
    const known = this.#places.get(source);
    if (this.#lost === 'nothing' || (this.#lost === 'last' && again && known)) return known;
    if (this.#lost === 'last') return known && { ...known, seq: known.seq + LEAP };
    return { ...known, seq: Math.max((known?.seq ?? 0) + LEAP, this.nowMs()) };
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
