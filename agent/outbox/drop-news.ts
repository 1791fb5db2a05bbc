/** What the outbox had to drop: counted by cause, told in the log and as events. */
import type { Log } from '../log.js';
import type { DropCause } from './backlog.js';

type Tell = (kind: string, message: string, fields: Record<string, unknown>) => void;

const words: Record<DropCause, string> = {
  bytes: 'it holds no more bytes',
  records: 'it holds no more records',
  age: 'they were too old',
  damaged: 'they were damaged on disk',
};

export class DropNews {
  readonly #counts = new Map<string, number>();

  constructor(
    private readonly log: Log,
    private readonly event: Tell,
  ) {}

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  cut(cause: DropCause, more: number): void {
    this.#add(cause === 'damaged' ? cause : `outbox-${cause}`, more, (count, fields) => {
      const message = `${count} results were dropped from the outbox so far: ${words[cause]}`;
      this.log.warn(message);
      this.event('records-dropped', message, fields);
    });
  }

  /** A message that can never be sent. */
  refused(source: string, reason: string, more: number): void {
    this.#add('refused', more, (count, fields) => {
      const message = `results that can't be sent are put aside as dead letters: ${reason}`;
      this.log.error({ source, count }, message);
      this.event('records-dropped', message, { ...fields, source });
    });
  }

  /** Told at the first, and then at twice as many: a bound that stays met must not flood the log. */
  #add(cause: string, more: number, tell: (count: number, fields: Record<string, unknown>) => void): void {
    if (more === 0) return;
    const before = this.#counts.get(cause) ?? 0;
    const count = before + more;
    this.#counts.set(cause, count);
    if (before === 0 || Math.floor(Math.log2(before)) !== Math.floor(Math.log2(count))) tell(count, { count, cause });
  }
}
