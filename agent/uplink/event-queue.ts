/** Events on their way to the broker: few, in order, kept over a lost link; beyond a bound the oldest are dropped and counted. */
import type { Payloads } from '../../src/protocol/index.js';
import { NotDelivered } from './link.js';

const MOST_EVENTS = 200;

export class EventQueue {
  readonly #events: Payloads['event'][] = [];
  #dropped = 0;
  #sending = false;

  add(event: Payloads['event']): void {
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) {
      this.#events.shift();
      this.#dropped++;
    }
  }

  /** Sends all that waits, one after the other; one is taken off only when it has arrived or was refused. */
  async send(publish: (event: Payloads['event']) => Promise<void>): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (;;) {
        const event = this.#events.at(0);
        if (!event) return;
        const dropped = this.#dropped;
        try {
          await publish(dropped > 0 ? { ...event, eventsDropped: dropped } : event);
        } catch (error) {
          if (!(error instanceof NotDelivered && error.refused)) throw error;
        }
        this.#dropped -= dropped;
        if (this.#events.at(0) === event) this.#events.shift();
      }
    } finally {
      this.#sending = false;
    }
  }
}
