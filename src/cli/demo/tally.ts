/** What the predictions say so far: how fast, how quick, how often right. Fed with what a subscriber gets over MQTT. */
import { LatencyHistogram } from '../../../agent/latency.js';
import type { Row } from '../../data/index.js';
import type { ResultPrediction } from '../../protocol/index.js';

/** The rate is that of the last so many ms. */
const RATE_WINDOW_MS = 5000;

export interface Figures {
  readonly answered: number;
  readonly right: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly last: { readonly text: string; readonly label: string; readonly right: boolean } | undefined;
}

export class Tally {
  readonly #latency = new LatencyHistogram();
  readonly #arrivals: { readonly atMs: number; readonly count: number }[] = [];
  #answered = 0;
  #right = 0;
  #last: Figures['last'];

  /** `sentences` are replayed in their order, so that a prediction's `seq` says which one it answers. */
  constructor(
    private readonly sentences: readonly Pick<Row, 'text' | 'label'>[],
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(predictions: readonly ResultPrediction[]): void {
    for (const { seq, label, latencyMs } of predictions) {
      const sentence = this.sentences[(seq - 1) % this.sentences.length];
      const right = label === sentence.label;
      this.#latency.record(latencyMs);
      this.#answered++;
      if (right) this.#right++;
      this.#last = { text: sentence.text, label, right };
    }
    this.#arrivals.push({ atMs: this.now(), count: predictions.length });
    this.#forgetOld();
  }

  get answered(): number {
    return this.#answered;
  }

  figures(): Figures {
    this.#forgetOld();
    const { p50, p99 } = this.#latency.stats();
    return {
      answered: this.#answered,
      right: this.#right,
      perSecond: this.#perSecond(),
      p50Ms: p50,
      p99Ms: p99,
      last: this.#last,
    };
  }

  /** The first arrival only starts the clock. */
  #perSecond(): number {
    const [first, ...later] = this.#arrivals;
    if (first === undefined) return 0;
    const elapsedMs = this.now() - first.atMs;
    return elapsedMs <= 0 ? 0 : (later.reduce((sum, { count }) => sum + count, 0) * 1000) / elapsedMs;
  }

  #forgetOld(): void {
    const since = this.now() - RATE_WINDOW_MS;
    const kept = this.#arrivals.findIndex(({ atMs }) => atMs >= since);
    this.#arrivals.splice(0, kept < 0 ? this.#arrivals.length : kept);
  }
}
