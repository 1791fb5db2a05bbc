/**
 * From sources to predictions: every source has a bounded queue; whatever waits when the model gets free is the next batch,
 * taken in turn from the queues. The order within a source is kept and nothing is lost but what a queue's policy drops.
 */
import type { SnugError } from '../src/errors/index.js';
import type { Model } from '../src/infer/types.js';
import type { Drops, QueueOptions } from './queue.js';
import type { PredictedRecord, TextRecord } from './record.js';
import type { Source } from './sources/source.js';

/** One source with what the pipeline needs to know of it. */
export interface PipelineSource {
  readonly source: Source;
  /** Default: 1,000 records, `block` where the source can wait, else `drop-oldest`. */
  readonly queue?: Partial<QueueOptions>;
  /** Longest record in bytes; default 64 KiB. */
  readonly recordLimitBytes?: number;
}

/** News from the pipeline; `record-failed` follows a text that the model could not answer even on its own. */
export type PipelineEvent =
  | { readonly kind: 'source-lost'; readonly source: string; readonly reason: string }
  | { readonly kind: 'source-back'; readonly source: string }
  | { readonly kind: 'source-ended'; readonly source: string; readonly problem?: SnugError }
  | { readonly kind: 'record-failed'; readonly record: TextRecord; readonly error: unknown };

export interface PipelineOptions {
  readonly model: Pick<Model, 'predict' | 'profile'>;
  readonly sources: readonly PipelineSource[];
  /** Texts to a batch at most; default 32. */
  readonly maxBatch?: number;
  /** How long a batch that is not full waits for more, in ms; default 0: a lone record is answered at once. */
  readonly maxWaitMs?: number;
  /**
   * Gets every batch's answers, in order per source, one call at a time. A promise holds the pipeline back once the next
   * batch is ready too; return one only where the consumer is really behind. If it throws, the pipeline ends with that error.
   */
  readonly onPredictions: (records: readonly PredictedRecord[]) => void | Promise<void>;
  readonly onEvent?: (event: PipelineEvent) => void;
  /** A clock for durations, in ms; default `performance.now`. */
  readonly now?: () => number;
  /** The time of day, in ms since 1970; default `Date.now`. */
  readonly clock?: () => number;
}

/** What a source did so far. All counts from the start of the process. */
export interface SourceStats {
  readonly source: string;
  readonly kind: string;
  readonly state: 'open' | 'lost' | 'ended';
  /** Records framed, dropped ones included. */
  readonly records: number;
  readonly queued: number;
  readonly drops: Readonly<Drops>;
  /** Records cut at the length limit. */
  readonly cut: number;
  /** Invalid UTF-8 sequences replaced. */
  readonly replaced: number;
}

/** Percentiles over all records so far, in ms. */
export interface LatencyStats {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface PipelineStats {
  readonly sources: readonly SourceStats[];
  /** Records answered. */
  readonly predicted: number;
  /** Answered records whose text was longer than the model reads. */
  readonly truncated: number;
  readonly refused: number;
  /** Records that the model could not answer. */
  readonly failed: number;
  readonly batches: number;
  /** The model's service time a text (see PredictedRecord). */
  readonly latencyMs: LatencyStats;
  /** From framing to answer, time in the queue included. */
  readonly totalMs: LatencyStats;
}

/** Signatures; the body follows. */
export interface PipelineControl {
  /** Starts all sources; resolves when each is open or known to be waiting. Throws if one can never be opened. */
  start(): Promise<void>;
  /** Resolves when every source has ended and everything was answered, or after `drain` or `stop`; rejects if `onPredictions` threw. */
  readonly ended: Promise<void>;
  /** Stops the sources, answers everything that was read, then ends. */
  drain(): Promise<void>;
  /** Stops the sources and ends after the batch in flight; what waits is forgotten. */
  stop(): Promise<void>;
  stats(): PipelineStats;
}
