/** How the stream does right now: what waits, what the model takes, how busy it is. Constant memory. */
import type { Intake } from './intake.js';
import { LatencyHistogram } from './latency.js';

/** What the governor sees of the stream. Counts and `busyMs` rise from the start of the process. */
export interface StreamLoad {
  /** Age of the oldest record that waits, of the sources that have a pace of their own; 0 where none waits. */
  readonly queueDelayMs: number;
  /** Records that wait, of all sources. */
  readonly waiting: number;
  /** Records framed so far of the sources that have a pace of their own, dropped ones included. */
  readonly arrived: number;
  /** Records answered, of all sources. */
  readonly answered: number;
  /** Time in which the model was being asked. */
  readonly busyMs: number;
  /** The model's service time a text at the 95th percentile of the last seconds, and over how many texts, of the profile in force. */
  readonly p95Ms: number;
  readonly p95Count: number;
}

/** Two spans of so long make the window of the percentile. */
const SPAN_MS = 2500;

/** Read to their end as fast as it goes: that a record of theirs waits says nothing. */
const WITHOUT_PACE = new Set(['file', 'stdin']);

export class StreamMeter {
  #answered = 0;
  #busyMs = 0;
  /** Since when the call that is under way is. */
  #askedAtMs: number | undefined;
  #span = new LatencyHistogram();
  #before = new LatencyHistogram();
  readonly #window = new LatencyHistogram();
  #spanSinceMs: number;

  constructor(private readonly now: () => number) {
    this.#spanSinceMs = now();
  }

  asked(startedMs: number): void {
    this.#askedAtMs = startedMs;
  }

  failed(startedMs: number, endedMs: number): void {
    this.#askedAtMs = undefined;
    this.#busyMs += endedMs - startedMs;
  }

  answered(count: number, startedMs: number, endedMs: number): void {
    this.#askedAtMs = undefined;
    this.#turn(endedMs);
    this.#answered += count;
    this.#busyMs += endedMs - startedMs;
    this.#span.record((endedMs - startedMs) / count, count);
  }

  /** Another model answers: what was measured of the one before says nothing of it. */
  restart(): void {
    this.#span.reset();
    this.#before.reset();
    this.#spanSinceMs = this.now();
  }

  load(intakes: readonly Intake[]): StreamLoad {
    const nowMs = this.now();
    this.#turn(nowMs);
    this.#window.reset();
    this.#window.add(this.#before);
    this.#window.add(this.#span);
    const { p95, count } = this.#window.stats();
    const paced = intakes.filter(({ source, queue }) => !(WITHOUT_PACE.has(source.kind) && queue.policy === 'block'));
    return {
      queueDelayMs: Math.max(0, ...paced.map(({ queue }) => nowMs - (queue.oldest?.framedAtMs ?? nowMs))),
      waiting: intakes.reduce((sum, { queue }) => sum + queue.length, 0),
      arrived: paced.reduce((sum, { records }) => sum + records, 0),
      answered: this.#answered,
      busyMs: this.#busyMs + nowMs - (this.#askedAtMs ?? nowMs),
      p95Ms: p95,
      p95Count: count,
    };
  }

  #turn(nowMs: number): void {
    const spans = Math.floor((nowMs - this.#spanSinceMs) / SPAN_MS);
    if (spans < 1) return;
    [this.#before, this.#span] = [this.#span, this.#before];
    this.#span.reset();
    if (spans > 1) this.#before.reset();
    this.#spanSinceMs += spans * SPAN_MS;
  }
}
