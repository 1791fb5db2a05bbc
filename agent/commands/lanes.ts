/** Commands take turns: those that change something one by one, those that look on a few at a time beside them. */

/** `changing`: one at a time, the default. `quick`: answers at once. `watching`: takes a while and changes nothing. */
export type LaneName = 'changing' | 'quick' | 'watching';

const widths: Record<LaneName, number> = { changing: 1, quick: 1, watching: 4 };
/** Commands that may wait in a lane; one more is answered `busy`. */
export const MOST_WAITING = 64;

export class Lanes<Item> {
  readonly #waiting: Record<LaneName, Item[]> = { changing: [], quick: [], watching: [] };
  readonly #running = new Map<Promise<void>, LaneName>();
  #closed = false;

  /** `run` must not reject. */
  constructor(private readonly run: (item: Item) => Promise<void>) {}

  isFull(name: LaneName): boolean {
    return this.#waiting[name].length >= MOST_WAITING;
  }

  add(name: LaneName, item: Item): void {
    this.#waiting[name].push(item);
    this.#next(name);
  }

  /** Begins nothing more; gives what waited. */
  close(): Item[] {
    this.#closed = true;
    return Object.values(this.#waiting).flatMap((items) => items.splice(0));
  }

  /** Resolves when what runs has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.keys());
  }

  #next(name: LaneName): void {
    const running = [...this.#running.values()].filter((each) => each === name).length;
    if (this.#closed || running >= widths[name]) return;
    const item = this.#waiting[name].shift();
    if (item === undefined) return;
    const run = this.run(item).finally(() => {
      this.#running.delete(run);
      this.#next(name);
    });
    this.#running.set(run, name);
  }
}
