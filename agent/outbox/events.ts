/** Events on their way to the broker: few, in order, one after the other; beyond a bound the oldest are dropped and counted. */

import { messageOf } from '../../src/errors/index.js';
import type { Payloads } from '../../src/protocol/index.js';
import type { Log } from '../log.js';
import type { Carrier } from './delivery.js';

export const MOST_EVENTS = 500;

export interface WaitingEvent {
  readonly key: string;
  readonly event: Payloads['event'];
}

export class Events {
  readonly #waiting: WaitingEvent[] = [];
  #carrier: Carrier | undefined;
  #wasCarried = false;
  #sending = false;
  #dropped = 0;

  /** `onGone`: delivered, refused or dropped. */
  constructor(
    private readonly log: Log,
    private readonly onGone: (key: string) => void,
  ) {}

  get count(): number {
    return this.#waiting.length;
  }

  add(event: WaitingEvent): void {
    this.#waiting.push(this.#carrier || !this.#wasCarried ? event : { ...event, event: historical(event.event) });
    if (this.#waiting.length > MOST_EVENTS) {
      const [oldest] = this.#waiting.splice(0, 1);
      this.#dropped++;
      this.onGone(oldest.key);
    }
    void this.#send();
  }

  carry(carrier: Carrier): void {
    this.#carrier = carrier;
    this.#wasCarried = true;
    void this.#send();
  }

  /** What waits is history by the time there is a connection again. */
  rest(): void {
    this.#carrier = undefined;
    for (const [at, { key, event }] of this.#waiting.entries()) this.#waiting[at] = { key, event: historical(event) };
  }

  #gone(key: string): void {
    const at = this.#waiting.findIndex((each) => each.key === key);
    if (at < 0) return; // dropped while it was on its way
    this.#waiting.splice(at, 1);
    this.onGone(key);
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = this.#waiting.at(0); next && this.#carrier; next = this.#waiting.at(0)) {
        const carrier = this.#carrier;
        const dropped = this.#dropped;
        const event = { session: carrier.session, ...next.event, ...(dropped > 0 && { eventsDropped: dropped }) };
        try {
          await carrier.publish('event', '', JSON.stringify(event));
        } catch (error) {
          const refused = error instanceof Error && 'refused' in error && error.refused === true;
          if (!refused) {
            this.log.debug(`events wait: ${messageOf(error)}`);
            if (carrier !== this.#carrier) continue; // a new connection has come meanwhile
            return;
          }
        }
        this.#dropped -= dropped;
        this.#gone(next.key);
      }
    } finally {
      this.#sending = false;
    }
  }
}

export function historical(event: Payloads['event']): Payloads['event'] {
  return { ...event, historical: true };
}
