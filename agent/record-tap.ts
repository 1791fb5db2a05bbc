/** The next records as they are answered, for whoever looks on (`sample`): what was said of each, and where its time went. */
import type { PredictedRecord } from './record.js';

export interface SampledRecord {
  readonly source: string;
  readonly seq: number;
  readonly ts: string;
  readonly text?: string;
  readonly label: string;
  readonly score: number;
  readonly profile: string;
  /** Waiting in the queue; in the model, for the whole batch; from framing to answer. */
  readonly ms: { readonly waited: number; readonly model: number; readonly total: number };
  readonly batch: number;
}

type Listener = (record: SampledRecord) => void;

export class RecordTap {
  readonly #listeners = new Set<Listener>();

  /** `withText`: whether a source's text may be shown. */
  constructor(
    private readonly withText: (source: string) => boolean,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  give(records: readonly PredictedRecord[]): void {
    if (this.#listeners.size === 0) return;
    const nowMs = this.nowMs();
    const batch = records.length;
    for (const record of records) {
      const { source, seq, ts, text, prediction, profile, framedAtMs, latencyMs } = record;
      const total = nowMs - framedAtMs;
      const model = Math.min(total, latencyMs * batch);
      const sampled = {
        ...{ source, seq, ts, ...(this.withText(source) && { text }) },
        ...{ label: prediction.label, score: prediction.score, profile, batch },
        ms: { waited: rounded(total - model), model: rounded(model), total: rounded(total) },
      };
      for (const listener of this.#listeners) listener(sampled);
    }
  }

  /** Resolves with the next records: so many, or those that came until the signal was given. */
  next(count: number, wanted: (source: string) => boolean, signal: AbortSignal): Promise<SampledRecord[]> {
    const taken: SampledRecord[] = [];
    return new Promise((resolve) => {
      const end = () => {
        this.#listeners.delete(listener);
        resolve(taken);
      };
      const listener: Listener = (record) => {
        if (taken.length >= count || !wanted(record.source)) return;
        taken.push(record);
        if (taken.length === count) end();
      };
      this.#listeners.add(listener);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
