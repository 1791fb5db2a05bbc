/**
 * Predictions on their way to the broker, in order per source, bounded: where the link is down for long the oldest go first,
 * and how many is counted.
 */
import type { ResultPrediction } from '../../src/protocol/index.js';
import type { PredictedRecord } from '../record.js';

/** Records and bytes of text held at most, over all sources. */
const MOST_RECORDS = 10_000;
const MOST_TEXT_BYTES = 8 * 1024 * 1024;
/** Records in one message, and bytes of text; a message stays below the contract's 256 KiB. */
const RECORDS_A_MESSAGE = 32;
const TEXT_BYTES_A_MESSAGE = 64 * 1024;

/** The predictions of one `result/<source>` message. */
export interface ResultBatch {
  readonly source: string;
  readonly predictions: readonly ResultPrediction[];
}

interface Lane {
  readonly source: string;
  predictions: ResultPrediction[];
  /** Where the first one stands that is still there; the places before it are emptied now and then. */
  head: number;
}

export class ResultQueue {
  readonly #lanes = new Map<string, Lane>();
  #records = 0;
  #textBytes = 0;
  #dropped = 0;

  /** `withText`: whether a source's messages carry the text. */
  constructor(private readonly withText: (source: string) => boolean) {}

  get records(): number {
    return this.#records;
  }

  /** How many were dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  add(records: readonly PredictedRecord[]): void {
    for (const record of records) {
      const prediction = resultOf(record, this.withText(record.source));
      this.#laneOf(record.source).predictions.push(prediction);
      this.#count(prediction, 1);
    }
    while (this.#records > MOST_RECORDS || this.#textBytes > MOST_TEXT_BYTES) this.#dropOldest();
  }

  /** The next message's predictions; sources take turns. Undefined where nothing waits. */
  take(): ResultBatch | undefined {
    for (const lane of this.#lanes.values()) {
      const available = lane.predictions.length - lane.head;
      if (available === 0) continue;
      let count = 0;
      for (let bytes = 0; count < Math.min(available, RECORDS_A_MESSAGE); count++) {
        bytes += textBytes(lane.predictions[lane.head + count]);
        if (count > 0 && bytes > TEXT_BYTES_A_MESSAGE) break;
      }
      const predictions = lane.predictions.slice(lane.head, lane.head + count);
      this.#forward(lane, count);
      this.#lanes.delete(lane.source); // to the end of the turn
      this.#lanes.set(lane.source, lane);
      return { source: lane.source, predictions };
    }
    return undefined;
  }

  /** Puts back what was taken and not delivered, oldest first, before all that waits. */
  giveBack(batches: readonly ResultBatch[]): void {
    for (const { source, predictions } of batches.toReversed()) {
      const lane = this.#laneOf(source);
      lane.predictions = [...predictions, ...lane.predictions.slice(lane.head)];
      lane.head = 0;
      for (const prediction of predictions) this.#count(prediction, 1);
    }
  }

  #laneOf(source: string): Lane {
    let lane = this.#lanes.get(source);
    if (!lane) {
      lane = { source, predictions: [], head: 0 };
      this.#lanes.set(source, lane);
    }
    return lane;
  }

  #count(prediction: ResultPrediction, sign: 1 | -1): void {
    this.#records += sign;
    this.#textBytes += sign * textBytes(prediction);
  }

  #forward(lane: Lane, count: number): void {
    for (let i = 0; i < count; i++) this.#count(lane.predictions[lane.head + i], -1);
    lane.head += count;
    if (lane.head === lane.predictions.length) {
      lane.predictions = [];
      lane.head = 0;
    } else if (lane.head > 1024) {
      lane.predictions = lane.predictions.slice(lane.head);
      lane.head = 0;
    }
  }

  /** Drops one record of the source that has the most waiting. */
  #dropOldest(): void {
    let longest: Lane | undefined;
    const length = (lane: Lane) => lane.predictions.length - lane.head;
    for (const lane of this.#lanes.values()) if (!longest || length(lane) > length(longest)) longest = lane;
    if (longest) this.#forward(longest, 1);
    this.#dropped++;
  }
}

function textBytes({ text }: ResultPrediction): number {
  return text === undefined ? 0 : text.length * 2;
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
    ...(prediction.labels && { labels: [...prediction.labels] }),
    ...(withText && { text: record.text }),
  };
}
