/** What the log says of a connection that failed: one line a change, not a line a try. */
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { inPlainWords, reasonOf, TAKEN_OVER } from './plain-words.js';

/** Two agents with one name take the connection from each other for ever: that is told so often at most. */
const TAKEN_OVER_REST_MS = 600_000;
/** How a connection ends that was taken over, where the broker does not say so. */
const WITHOUT_A_WORD: readonly unknown[] = [undefined, 'ECONNRESET', 'EPIPE'];

export interface TroubleOptions {
  readonly url: string;
  readonly device: string;
  readonly clock: Pick<Clock, 'runMs'>;
  readonly log: Pick<Log, 'warn'>;
}

export class Trouble {
  #said: string | undefined;
  #takenOverAtMs = Number.NEGATIVE_INFINITY;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: TroubleOptions) {}

  /** A try failed or a connection ended; undefined where the broker closed it and did not say why. */
  tell(why: unknown): void {
    const { url, device, clock, log } = this.options;
    const contested = clock.runMs() - this.#takenOverAtMs < TAKEN_OVER_REST_MS;
    const reason = reasonOf(why);
    if (reason === TAKEN_OVER || (contested && WITHOUT_A_WORD.includes(reason))) {
      this.takenOver();
      return;
    }
    const words = inPlainWords(url, why ?? new Error('the connection was closed'), device);
    if (words === this.#said) return;
    this.#said = words;
    log.warn(`${words}; trying again`);
  }

  /** Another agent came online under our name, and the broker ended our connection for it. */
  takenOver(): void {
    const { url, device, clock, log } = this.options;
    this.#takenOverAtMs = clock.runMs();
    if (this.#takenOverAtMs - this.#toldAtMs < TAKEN_OVER_REST_MS) return;
    this.#toldAtMs = this.#takenOverAtMs;
    this.#said = undefined;
    log.warn(inPlainWords(url, { code: TAKEN_OVER }, device));
  }

  /** The connection is there: whatever comes next is new. */
  over(): void {
    this.#said = undefined;
  }
}
