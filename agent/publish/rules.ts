/**
 * Which predictions of one source are published. What a rule remembers (the last label, the counts of a window) is kept with the
 * source's place, so that after a crash the same records are decided upon alike.
 */
import { crc32 } from 'node:zlib';
import type { LabelCounts } from '../../src/protocol/index.js';
import type { SourceConfig } from '../config/index.js';
import type { PredictedRecord } from '../record.js';

export type PublishConfig = SourceConfig['publish'];

/** What is remembered from record to record. */
export interface RuleState {
  readonly label?: string;
  readonly counts?: Readonly<Record<string, number>>;
  /** When the window of the counts was begun, in ms since 1970. */
  readonly fromMs?: number;
}

export type Decision = 'publish' | 'review' | 'rules' | 'rate';

export class Rules {
  #label: string | undefined;
  #counts: Record<string, number>;
  #fromMs: number | undefined;
  #tokens: number;
  #filledAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly config: PublishConfig,
    state: RuleState = {},
  ) {
    this.#label = state.label;
    this.#counts = { ...state.counts };
    this.#fromMs = state.fromMs;
    this.#tokens = Math.max(1, config.maxPerSecond ?? 1);
  }

  /** Decides on one record; records are given in order. `atMs`: on the process's own clock. */
  decide(record: PredictedRecord, atMs: number): Decision {
    const { label } = record.prediction;
    const changed = label !== this.#label;
    this.#label = label;
    if (this.config.countsEveryS !== undefined) this.#counts[label] = (this.#counts[label] ?? 0) + 1;
    const wanted = this.#wants(record, changed);
    if (!wanted && !this.#isForReview(record)) return 'rules';
    if (!this.#takeToken(atMs)) return 'rate';
    return wanted ? 'publish' : 'review';
  }

  /** The counts of the window, where it is over (or the clock went back behind it) and not empty; undefined otherwise. */
  closeWindow(nowMs: number): LabelCounts | undefined {
    const { countsEveryS } = this.config;
    if (countsEveryS === undefined) return undefined;
    this.#fromMs ??= nowMs;
    const fromMs = this.#fromMs;
    if (nowMs - fromMs < countsEveryS * 1000 && nowMs >= fromMs) return undefined;
    const labels = this.#counts;
    this.#counts = {};
    this.#fromMs = nowMs;
    const records = Object.values(labels).reduce((sum, count) => sum + count, 0);
    if (records === 0) return undefined;
    const time = (ms: number) => new Date(ms).toISOString();
    return { from: time(fromMs), to: time(nowMs), records, labels };
  }

  get state(): RuleState {
    const { predictions, countsEveryS } = this.config;
    return {
      ...(predictions === 'change' && { label: this.#label }),
      ...(countsEveryS !== undefined && { counts: { ...this.#counts }, fromMs: this.#fromMs }),
    };
  }

  #wants({ prediction: { label, score } }: PredictedRecord, changed: boolean): boolean {
    const { predictions, minScore, labels, exceptLabels } = this.config;
    if (predictions === 'none' || (predictions === 'change' && !changed)) return false;
    if (minScore !== undefined && score < minScore) return false;
    return (labels === undefined || labels.includes(label)) && !exceptLabels?.includes(label);
  }

  /** Drawn by the record's name, not by chance: a record that comes again after a crash is decided upon alike. */
  #isForReview({ source, seq }: PredictedRecord): boolean {
    const { reviewShare } = this.config;
    return reviewShare !== undefined && crc32(`${source}/${seq}`) / 2 ** 32 < reviewShare;
  }

  #takeToken(atMs: number): boolean {
    const { maxPerSecond } = this.config;
    if (maxPerSecond === undefined) return true;
    const since = Number.isFinite(this.#filledAtMs) ? Math.max(0, atMs - this.#filledAtMs) : 0;
    this.#tokens = Math.min(Math.max(1, maxPerSecond), this.#tokens + (since * maxPerSecond) / 1000);
    this.#filledAtMs = atMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
