/** From predictions to what is published of them: rules, rate limits, counts, and the text only where a source says so. */
import type { ResultPrediction } from '../../src/protocol/index.js';
import type { Answered } from '../outbox/index.js';
import type { PredictedRecord } from '../record.js';
import type { ReadUpTo } from '../sources/source.js';
import { type PublishConfig, type RuleState, Rules } from './rules.js';

export { doubtsOf } from './doubts.js';
export { publishOptions } from './options.js';
export type { PublishConfig, RuleState } from './rules.js';
export { Windows } from './windows.js';

export interface PublishedSource {
  readonly config: PublishConfig;
  /** What its rules remembered in earlier runs. */
  readonly state?: RuleState;
  /** Where its records have positions, it is read again after a crash: what is published unwritten gets the same number then. */
  readonly again: boolean;
}

interface Lane {
  readonly source: string;
  config: PublishConfig;
  rules: Rules;
  readonly again: boolean;
  upTo: ReadUpTo | undefined;
}

export class Publisher {
  readonly #lanes: ReadonlyMap<string, Lane>;
  /** Records that were answered and not published, by cause. */
  readonly withheld = { rules: 0, rate: 0 };

  constructor(
    sources: Readonly<Record<string, PublishedSource>>,
    private readonly nowMs: () => number,
  ) {
    this.#lanes = new Map(
      Object.entries(sources).map(([source, { config, state, again }]) => [
        source,
        { source, config, rules: new Rules(config, state), again, upTo: undefined },
      ]),
    );
  }

  /** Another configuration for a source, from the next record on. */
  change(source: string, config: PublishConfig): void {
    const lane = this.#lanes.get(source);
    if (!lane) return;
    lane.rules = new Rules(config, lane.rules.state);
    lane.config = config;
  }

  /** What is published of a batch's answers, with where each source stands behind it. */
  take(records: readonly PredictedRecord[]): Answered[] {
    const bySource = new Map<string, PredictedRecord[]>();
    for (const record of records) {
      const some = bySource.get(record.source);
      if (some) some.push(record);
      else bySource.set(record.source, [record]);
    }
    return [...bySource].flatMap(([source, some]) => {
      const lane = this.#lanes.get(source);
      return lane ? [this.#answered(lane, some)] : [];
    });
  }

  /** Windows of counts that are over by now. */
  closeWindows(): Answered[] {
    return [...this.#lanes.values()].flatMap((lane): Answered[] => {
      const counts = lane.rules.closeWindow(this.nowMs());
      if (!counts) return [];
      const { source, upTo } = lane;
      return [{ source, predictions: [], counts, early: isEarly(lane), upTo, rules: lane.rules.state }];
    });
  }

  /** Whether any source publishes counts. */
  get counts(): boolean {
    return [...this.#lanes.values()].some(({ config }) => config.countsEveryS !== undefined);
  }

  #answered(lane: Lane, records: readonly PredictedRecord[]): Answered {
    const atMs = performance.now();
    const predictions = records.flatMap((record) => {
      const decision = lane.rules.decide(record, atMs);
      if (decision === 'rules' || decision === 'rate') {
        this.withheld[decision]++;
        return [];
      }
      const prediction = resultOf(record, lane.config.text);
      return [decision === 'review' ? { ...prediction, review: true as const } : prediction];
    });
    const { seq, position } = records[records.length - 1];
    lane.upTo = { seq, ...(position !== undefined && { position }) };
    return { source: lane.source, predictions, early: isEarly(lane), upTo: lane.upTo, rules: lane.rules.state };
  }
}

/** Whether what was published is numbered the same after a crash, so that it need not be written first. */
function isEarly({ again, upTo }: Lane): boolean {
  return again && upTo?.position !== undefined;
}

/** What is published of a record. Figures are rounded: digits that mean nothing are bytes on the link. */
function resultOf(record: PredictedRecord, withText: boolean): ResultPrediction {
  const { prediction } = record;
  return {
    seq: record.seq,
    ts: record.ts,
    label: prediction.label,
    score: Math.round(prediction.score * 1e6) / 1e6,
    latencyMs: Math.round(record.latencyMs * 1000) / 1000,
    profile: record.profile,
    ...(prediction.truncated && { truncated: true }),
    ...(record.replaced && { replaced: record.replaced }),
    ...(prediction.labels && { labels: [...prediction.labels] }),
    ...(record.ids && { ids: record.ids }),
    ...(withText && { text: record.text }),
  };
}
