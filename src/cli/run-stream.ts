/** From sources to lines on an output stream: what `snug run` does once the model is loaded. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Pipeline, type PipelineEvent, type PipelineSource, type PipelineStats } from '../../agent/pipeline.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import type { Model } from '../infer/types.js';
import { humanLines, jsonLines } from './prediction-lines.js';

/** Waiting records that take a while to answer. */
const MANY_RECORDS = 100;

export interface StreamOptions {
  readonly model: Pick<Model, 'predict' | 'profile'>;
  readonly sources: readonly PipelineSource[];
  readonly json: boolean;
  readonly maxBatch?: number;
  readonly out: Writable;
  /** Takes one line for the person at the terminal. */
  readonly say: (line: string) => void;
  /** Resolves when the user wants an end. */
  readonly stopped: Promise<unknown>;
}

export interface StreamEnd {
  readonly stats: PipelineStats;
  /** What ended a source before its proper end. */
  readonly problem?: SnugError;
}

/**
 * Answers all that the sources give until they end, the user stops it (what was read is answered first) or nobody reads the
 * output any more (which is no error). Throws what a source or the output stream throws.
 */
export async function runStream(options: StreamOptions): Promise<StreamEnd> {
  const { out, say } = options;
  const format = options.json ? jsonLines : humanLines;
  let problem: SnugError | undefined;
  let outputError: unknown;
  const pipeline = new Pipeline({
    model: options.model,
    sources: options.sources,
    maxBatch: options.maxBatch,
    onPredictions: (records) => {
      if (outputError === undefined && !out.write(format(records))) return untilDrained(out);
    },
    onEvent: (event) => {
      if (event.kind === 'source-ended') problem ??= event.problem;
      const line = lineOf(event);
      if (line !== undefined) say(line);
    },
  });
  const onOutputError = (error: unknown) => {
    outputError ??= error;
    void pipeline.stop().catch(() => undefined);
  };
  out.on('error', onOutputError);
  try {
    await pipeline.start();
    say('ready');
    const drain = () => {
      const queued = pipeline.stats().sources.reduce((sum, source) => sum + source.queued, 0);
      if (queued > MANY_RECORDS) say('snug: answering what was read first; a second Ctrl-C ends at once');
      return pipeline.drain();
    };
    void options.stopped.then(drain).catch(() => undefined); // `ended` tells of it
    await pipeline.ended;
  } catch (error) {
    if (outputError === undefined) throw error;
  }
  if (outputError !== undefined && systemCodeOf(outputError) !== 'EPIPE')
    throw new SnugError('OUTPUT_FAILED', `standard output: ${messageOf(outputError)}`, { cause: outputError });
  return { stats: pipeline.stats(), ...(problem && { problem }) };
}

async function untilDrained(out: Writable): Promise<void> {
  await once(out, 'drain').catch(() => undefined); // the stream's own error handler has it
}

function lineOf(event: PipelineEvent): string | undefined {
  switch (event.kind) {
    case 'source-lost':
      return `snug: ${event.source}: ${event.reason}; waiting for it`;
    case 'source-back':
      return `snug: ${event.source}: here again`;
    case 'source-missed':
      return `snug: ${event.source}: missed ${event.reason}`;
    case 'source-ended':
      return event.problem && `snug: ${event.problem.message}`;
    case 'record-failed':
      return `snug: ${event.record.source}#${event.record.seq} could not be answered: ${messageOf(event.error)}`;
  }
}

/** One line of counts: always for a terminal, else only where something was not as it came. */
export function summaryOf(stats: PipelineStats, always: boolean): string | undefined {
  const sum = (count: (source: PipelineStats['sources'][number]) => number) =>
    stats.sources.reduce((total, source) => total + count(source), 0);
  const notable = [
    [sum(({ cut }) => cut), 'cut at the length limit'],
    [stats.truncated, 'longer than the model reads'],
    [sum(({ replaced }) => replaced), 'invalid sequences of bytes replaced'],
    [sum(({ leftOut }) => leftOut.unreadable), 'without the field to pick'],
    [sum(({ drops }) => Object.values(drops).reduce((all, count) => all + count, 0)), 'dropped'],
    [stats.failed, 'unanswered'],
  ].filter(([count]) => count !== 0);
  if (notable.length === 0 && !always) return undefined;
  const counts = [[stats.predicted, stats.predicted === 1 ? 'record answered' : 'records answered'], ...notable];
  return `snug: ${counts.map(([count, what]) => `${count} ${what}`).join(', ')}`;
}
