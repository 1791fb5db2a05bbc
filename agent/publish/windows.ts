import type { Answered } from '../outbox/index.js';
import type { Publisher } from './index.js';

const LOOK_MS = 1000;

/** Closes windows of counts in time where no record comes that would. */
export class Windows {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly publisher: Pick<Publisher, 'closeWindows'>,
    private readonly give: (answered: readonly Answered[]) => void,
  ) {}

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const closed = this.publisher.closeWindows();
    if (closed.length > 0) this.give(closed);
  }
}
