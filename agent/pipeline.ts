/**
 * From sources to predictions: every source has a bounded queue; whatever waits when the model gets free is the next batch,
 * taken in turn from the queues. The order within a source is kept and nothing is lost but what a queue's policy drops.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SnugError } from '../src/errors/index.js';
import type { Model } from '../src/infer/types.js';
import { Delivery } from './delivery.js';
import { Intake, type IntakeOptions, type SourceStats } from './intake.js';
import { LatencyHistogram, type LatencyStats } from './latency.js';
import type { QueueOptions } from './queue.js';
import type { PredictedRecord, TextRecord } from './record.js';
import type { ReadUpTo, Source } from './sources/source.js';
import { type StreamLoad, StreamMeter } from './stream-meter.js';

/** What the pipeline asks of a model. */
export type ServedModel = Pick<Model, 'predict' | 'profile'>;

/** One source with what the pipeline needs to know of it: how it is framed, and what its text goes through. */
export interface PipelineSource extends Omit<IntakeOptions, 'queue'> {
  readonly source: Source;
  /** Default: 1,000 records, `block` where the source can wait, else `drop-oldest`. */
  readonly queue?: Partial<QueueOptions>;
}

/** News from the pipeline; `record-failed` follows a text that the model could not answer even on its own. */
export type PipelineEvent =
  | { readonly kind: 'source-lost'; readonly source: string; readonly reason: string }
  | { readonly kind: 'source-back'; readonly source: string }
  | { readonly kind: 'source-missed'; readonly source: string; readonly reason: string }
  | { readonly kind: 'source-ended'; readonly source: string; readonly problem?: SnugError }
  | { readonly kind: 'record-failed'; readonly record: TextRecord; readonly error: unknown };

export interface PipelineOptions {
  /** The first model; `serve` gives another. */
  readonly model: ServedModel;
  readonly sources: readonly PipelineSource[];
  /** Texts to a batch at most; default 32. */
  readonly maxBatch?: number;
  /** How long a batch that is not full waits for more, in ms; default 0: a lone record is answered at once. */
  readonly maxWaitMs?: number;
  /**
   * Gets every batch's answers, in order per source, one call at a time. Once it has returned, or the promise it returned has
   * resolved, the records count as kept, and their sources are told so. A promise holds the pipeline back once the next batch is
   * ready too. If it throws, the pipeline ends with that error.
   */
  readonly onPredictions: (records: readonly PredictedRecord[]) => void | Promise<void>;
  /**
   * A source stands at a position that no record of `onPredictions` has told: where it began, or behind what was left out. In
   * order with `onPredictions`, and only while none of the source's records waits; a second apart at least but for the first
   * and the last one. To be kept as the position of a record would be.
   */
  readonly onPosition?: (source: string, readUpTo: ReadUpTo) => void;
  readonly onEvent?: (event: PipelineEvent) => void;
  /** Runs something after so long; the answer calls it off. Default: `setTimeout`. */
  readonly after?: (ms: number, run: () => void) => () => void;
  /** A clock for durations, in ms; default `performance.now`. */
  readonly now?: () => number;
  /** The time of day, in ms since 1970; default `Date.now`. */
  readonly clock?: () => number;
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
  /** From framing to answer, time in the queue included. Both cover the time since `stats` was last called with `reset`. */
  readonly totalMs: LatencyStats;
}

const DEFAULT_QUEUE_SIZE = 1000;
const DEFAULT_MAX_BATCH = 32;

/**
 * Invariants: `#run` alone takes from the queues and calls the model; a call is answered by the model that it was put to, and its
 * records name that one; `onPredictions` has one call open at most, and is called in the order of the batches.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #intakes: readonly Intake[];
  readonly #maxBatch: number;
  readonly #maxWaitMs: number;
  readonly #now: () => number;
  readonly #latency = new LatencyHistogram();
  readonly #total = new LatencyHistogram();
  readonly #counts = { predicted: 0, truncated: 0, refused: 0, failed: 0, batches: 0 };
  readonly #meter: StreamMeter;
  /** Undefined while it is withheld. */
  #model: ServedModel | undefined;
  /** The call that is being answered. */
  #asked: Promise<unknown> | undefined;
  #mode: 'running' | 'draining' | 'stopping' = 'running';
  #turn = 0;
  #probes: (() => void)[] = [];
  #over = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  readonly #delivery: Delivery;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? DEFAULT_MAX_BATCH;
    this.#maxWaitMs = options.maxWaitMs ?? 0;
    this.#now = options.now ?? (() => performance.now());
    this.#model = options.model;
    this.#meter = new StreamMeter(this.#now);
    this.#delivery = new Delivery({
      onPredictions: options.onPredictions,
      settle: (records) => this.#settle(records),
      onFailure: () => this.#changed(),
    });
    this.#intakes = options.sources.map((each) => this.#intakeOf(each));
  }

  /**
   * Starts all sources; resolves when each is open or known to be waiting. Where one can never be opened, all are stopped and
   * its error is thrown.
   */
  async start(): Promise<void> {
    this.#loop = this.#run();
    this.#loop.catch(() => undefined); // whoever awaits `ended` gets it
    try {
      await Promise.all(this.#intakes.map((intake) => intake.start()));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Resolves when every source has ended and everything was answered, or after `drain` or `stop`; rejects if `onPredictions`
   * threw. Ask for it after `start` was called.
   */
  get ended(): Promise<void> {
    return this.#loop ?? Promise.resolve();
  }

  /** Stops the sources, answers everything that was read, then ends. */
  async drain(): Promise<void> {
    if (this.#mode === 'running') this.#mode = 'draining';
    await this.#stopSources();
    await this.ended;
  }

  /** Stops the sources and ends after the batch in flight; what waits is forgotten. Not to be awaited in `onPredictions`. */
  async stop(): Promise<void> {
    this.#mode = 'stopping';
    for (const intake of this.#intakes) intake.discard();
    this.#changed();
    await this.#stopSources();
    await this.ended;
  }

  /** Gives what comes next to another model. Resolves when the one before has answered what it was asked: it can be closed then. */
  async serve(model: ServedModel): Promise<void> {
    const asked = this.#asked;
    this.#model = model;
    this.#meter.restart();
    this.#changed();
    await asked?.catch(() => undefined);
  }

  /**
   * Asks nothing of the model any more until `serve` gives one: records wait in their queues. Resolves when the call that is
   * being answered has ended, so that the model can be closed.
   */
  async withhold(): Promise<void> {
    this.#model = undefined;
    await this.#asked?.catch(() => undefined);
  }

  /** Resolves when the loop that answers comes by: at once where it waits or has ended, else after the call under way. */
  probe(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) return resolve();
      this.#probes.push(resolve);
      this.#changed();
    });
  }

  /** True while no model is given. */
  get withheld(): boolean {
    return this.#model === undefined;
  }

  /** How the stream does right now, for the governor. */
  load(): StreamLoad {
    return this.#meter.load(this.#intakes);
  }

  /** Counts since the start; latencies since the last call with `reset`. */
  stats(options: { readonly reset?: boolean } = {}): PipelineStats {
    const stats = {
      sources: this.#intakes.map((intake) => intake.stats()),
      ...this.#counts,
      latencyMs: this.#latency.stats(),
      totalMs: this.#total.stats(),
    };
    if (options.reset) {
      this.#latency.reset();
      this.#total.reset();
    }
    return stats;
  }

  #intakeOf({ source, queue, ...text }: PipelineSource): Intake {
    const tell = (event: PipelineEvent) => this.#options.onEvent?.(event);
    const options: QueueOptions = {
      size: queue?.size ?? DEFAULT_QUEUE_SIZE,
      policy: queue?.policy ?? (source.canWait ? 'block' : 'drop-oldest'),
      ...(queue?.maxAgeMs !== undefined && { maxAgeMs: queue.maxAgeMs }),
    };
    return new Intake(
      source,
      { ...text, queue: options },
      {
        changed: () => this.#changed(),
        lost: (reason) => tell({ kind: 'source-lost', source: source.name, reason }),
        back: () => tell({ kind: 'source-back', source: source.name }),
        missed: (reason) => tell({ kind: 'source-missed', source: source.name, reason }),
        position: (readUpTo) => this.#options.onPosition?.(source.name, readUpTo),
        after: this.#options.after ?? later,
        ended: (problem) => tell({ kind: 'source-ended', source: source.name, ...(problem && { problem }) }),
        now: this.#now,
        clock: this.#options.clock ?? Date.now,
      },
    );
  }

  async #stopSources(): Promise<void> {
    await Promise.all(this.#intakes.map((intake) => intake.source.stop()));
    for (const intake of this.#intakes) intake.ended();
  }

  #changed(): void {
    this.#wake?.();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#givenUp) {
        await this.#batchReady();
        const model = this.#model; // from here to its call nothing is awaited: it can't be withheld in between
        const records = model === undefined ? [] : this.#takeBatch();
        if (model !== undefined && records.length > 0) await this.#answer(model, records);
        else if (this.#intakes.every((intake) => intake.done)) break;
      }
      await this.#delivery.ended;
      if (this.#delivery.failure !== undefined) throw this.#delivery.failure.error;
      for (const intake of this.#intakes) intake.tellPosition({ now: true });
    } finally {
      this.#over = true;
      for (const answer of this.#probes.splice(0)) answer();
      for (const intake of this.#intakes) intake.discard();
      await this.#stopSources();
    }
  }

  get #givenUp(): boolean {
    return this.#mode === 'stopping' || this.#delivery.failure !== undefined;
  }

  /** Resolves when there is something to answer that should not wait any longer, or nothing will come. */
  async #batchReady(): Promise<void> {
    while (!this.#givenUp && !this.#intakes.every((intake) => intake.done)) {
      for (const answer of this.#probes.splice(0)) answer();
      const waiting = this.#intakes.reduce((sum, intake) => sum + intake.queue.length, 0);
      if (waiting === 0 || this.#model === undefined) {
        await this.#nextChange();
        continue;
      }
      if (this.#maxWaitMs === 0 || waiting >= this.#maxBatch || this.#intakes.every((each) => each.state === 'ended'))
        return;
      const oldestMs = Math.min(
        ...this.#intakes.map((intake) => intake.queue.oldest?.framedAtMs ?? Number.POSITIVE_INFINITY),
      );
      const leftMs = oldestMs + this.#maxWaitMs - this.#now();
      if (leftMs <= 0) return;
      await this.#nextChange(leftMs);
    }
  }

  #nextChange(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#changed(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Takes up to a batch of records, one from each queue in turn; the next batch goes on where this one stopped. */
  #takeBatch(): TextRecord[] {
    const records: TextRecord[] = [];
    for (let empty = 0; empty < this.#intakes.length && records.length < this.#maxBatch; ) {
      const record = this.#intakes[this.#turn].next();
      this.#turn = (this.#turn + 1) % this.#intakes.length;
      empty = record === undefined ? empty + 1 : 0;
      if (record !== undefined) records.push(record);
    }
    for (const intake of this.#intakes) intake.refill();
    return records;
  }

  async #answer(model: ServedModel, records: readonly TextRecord[]): Promise<void> {
    this.#counts.batches++;
    let answered: PredictedRecord[];
    try {
      answered = await this.#predict(model, records);
    } catch (error) {
      answered = records.length > 1 ? await this.#answerOneByOne(records) : this.#failed(records[0], error);
    }
    await this.#delivery.hand(answered, records);
    // A model's run blocks the event loop: sockets and timers get their turn before the next one.
    await nextTurn();
  }

  async #predict(model: ServedModel, records: readonly TextRecord[]): Promise<PredictedRecord[]> {
    const startedMs = this.#now();
    const asked = model.predict(records.map((record) => record.text));
    this.#asked = asked;
    this.#meter.asked(startedMs);
    const predictions = await asked.catch((error: unknown) => {
      this.#meter.failed(startedMs, this.#now());
      throw error;
    });
    const endedMs = this.#now();
    const latencyMs = (endedMs - startedMs) / records.length;
    const { profile } = model;
    this.#meter.answered(records.length, startedMs, endedMs);
    this.#latency.record(latencyMs, records.length);
    this.#counts.predicted += records.length;
    return records.map((record, index) => {
      const prediction = predictions[index];
      this.#total.record(endedMs - record.framedAtMs);
      if (prediction.truncated) this.#counts.truncated++;
      if (prediction.refused) this.#counts.refused++;
      return { ...record, prediction, latencyMs, profile };
    });
  }

  /** A batch that failed: finds the texts that the model can't answer, so that the others are. */
  async #answerOneByOne(records: readonly TextRecord[]): Promise<PredictedRecord[]> {
    const answered: PredictedRecord[] = [];
    for (const record of records) {
      while (this.#model === undefined && !this.#givenUp) await this.#nextChange();
      if (this.#model === undefined || this.#givenUp) break;
      try {
        answered.push(...(await this.#predict(this.#model, [record])));
      } catch (error) {
        this.#failed(record, error);
      }
      await nextTurn();
    }
    return answered;
  }

  #failed(record: TextRecord, error: unknown): [] {
    this.#counts.failed++;
    this.#options.onEvent?.({ kind: 'record-failed', record, error });
    return [];
  }

  #settle(records: readonly TextRecord[]): void {
    for (const intake of this.#intakes) {
      const last = records.findLast(({ source }) => source === intake.source.name);
      if (last !== undefined) intake.settle(last);
    }
  }
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
