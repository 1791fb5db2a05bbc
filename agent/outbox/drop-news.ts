/** What the outbox had to drop: counted by cause, told in the log and as events. */
import type { Log } from '../log.js';
import type { DropCause } from './backlog.js';

type Tell = (kind: string, message: string, fields: Record<string, unknown>) => void;

/** What was dropped since it was told last is told after so long, however little it is. */
const TELL_EVERY_MS = 60_000;

const words: Record<DropCause, string> = {
  bytes: 'it holds no more bytes',
  records: 'it holds no more records',
  age: 'they were too old',
  damaged: 'they were damaged on disk',
};

/** One reason for which records are dropped, of one source where that is known. */
interface Tally {
  readonly fields: { readonly cause: string; readonly source?: string };
  total: number;
  told: number;
  toldAtMs: number;
  tell: (tally: Tally) => void;
}

export class DropNews {
  readonly #tallies = new Map<string, Tally>();

  constructor(
    private readonly log: Log,
    private readonly event: Tell,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** All since the start, by cause. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { fields, total } of this.#tallies.values()) counts[fields.cause] = (counts[fields.cause] ?? 0) + total;
    return counts;
  }

  cut(cause: DropCause, more: number): void {
    const fields = { cause: cause === 'damaged' ? cause : `outbox-${cause}` };
    this.#add(fields, more, (tally) => {
      const message = `${tally.total} results were dropped from the outbox so far: ${words[cause]}`;
      this.log.warn(message);
      this.#event(message, tally);
    });
  }

  /** Records that can never be sent. */
  refused(source: string, reason: string, more: number): void {
    this.#add({ cause: 'refused', source }, more, (tally) => {
      const message = `${tally.total} results of '${source}' can't be sent so far and are dead letters, the last because ${reason}`;
      this.log.error({ source, count: tally.total }, message);
      this.#event(message, tally);
    });
  }

  /** Tells what was not worth a word when it came. */
  look(): void {
    for (const tally of this.#tallies.values())
      if (tally.total > tally.told && this.nowMs() - tally.toldAtMs >= TELL_EVERY_MS) this.#tell(tally);
  }

  /** Told at the first, and then at twice as many: a bound that stays met must not flood the log. */
  #add(fields: Tally['fields'], more: number, tell: Tally['tell']): void {
    if (more === 0) return;
    const key = `${fields.cause} ${fields.source ?? ''}`;
    const tally = this.#tallies.get(key) ?? { fields, total: 0, told: 0, toldAtMs: 0, tell };
    this.#tallies.set(key, tally);
    tally.total += more;
    tally.tell = tell;
    if (tally.total >= 2 * tally.told) this.#tell(tally);
  }

  #tell(tally: Tally): void {
    tally.tell(tally);
    tally.told = tally.total;
    tally.toldAtMs = this.nowMs();
  }

  /** `count`: since it was told last, so that the counts of all such events add up. */
  #event(message: string, { fields, total, told }: Tally): void {
    this.event('records-dropped', message, { count: total - told, total, ...fields });
  }
}
