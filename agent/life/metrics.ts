/** The agent's figures as Prometheus reads them. The library is loaded with the first scrape. */
import { createRequire } from 'node:module';
import { processMemory } from '../../src/profile/process-memory.js';
import type { PipelineStats } from '../pipeline.js';

export interface Figures {
  readonly stats: PipelineStats;
  readonly outbox: { readonly records: number; readonly bytes: number; readonly events: number };
  /** Records dropped by the outbox, by cause. */
  readonly outboxDropped: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  readonly withheld: Readonly<Record<string, number>>;
  readonly online: boolean;
  readonly profile: string;
  readonly healthy: boolean;
}

type Kind = 'Counter' | 'Gauge';

/** One text of all figures. */
export async function metricsText(figures: Figures): Promise<{ readonly type: string; readonly body: string }> {
  const client = createRequire(import.meta.url)('prom-client') as typeof import('prom-client');
  const registry = new client.Registry();
  const add = (kind: Kind, name: string, help: string, values: readonly [Record<string, string>, number | null][]) => {
    const labelNames = [...new Set(values.flatMap(([labels]) => Object.keys(labels)))];
    const options = { name: `snug_${name}`, help, labelNames, registers: [registry] };
    const metric = kind === 'Counter' ? new client.Counter(options) : new client.Gauge(options);
    for (const [labels, value] of values) if (value !== null) metric.inc(labels, value);
  };
  const byKey = (name: string, record: Readonly<Record<string, number>>) =>
    Object.entries(record).map(([key, value]): [Record<string, string>, number] => [{ [name]: key }, value]);
  const { stats, outbox } = figures;
  add('Gauge', 'healthy', '1 where the agent gets on', [[{}, figures.healthy ? 1 : 0]]);
  add('Gauge', 'online', '1 while the broker is connected', [[{}, figures.online ? 1 : 0]]);
  add('Gauge', 'profile_info', 'The profile in force', [[{ profile: figures.profile }, 1]]);
  add('Counter', 'records_total', 'Records answered', [[{}, stats.predicted]]);
  add('Counter', 'records_refused_total', 'Records answered with none', [[{}, stats.refused]]);
  add('Counter', 'records_truncated_total', 'Records longer than the model reads', [[{}, stats.truncated]]);
  add('Counter', 'records_failed_total', 'Records that the model could not answer', [[{}, stats.failed]]);
  add('Counter', 'batches_total', 'Runs of the model', [[{}, stats.batches]]);
  const perSource = (value: (source: PipelineStats['sources'][number]) => number) =>
    stats.sources.map((source): [Record<string, string>, number] => [{ source: source.source }, value(source)]);
  add(
    'Counter',
    'source_records_total',
    'Records read, dropped ones too',
    perSource(({ records }) => records),
  );
  add(
    'Gauge',
    'source_queued',
    'Records that wait for the model',
    perSource(({ queued }) => queued),
  );
  add(
    'Gauge',
    'source_open',
    '1 where the source is open',
    perSource(({ state }) => (state === 'open' ? 1 : 0)),
  );
  const perCause = (counts: (source: PipelineStats['sources'][number]) => Readonly<Record<string, number>>) =>
    stats.sources.flatMap((each) =>
      Object.entries(counts(each)).map(([cause, count]): [Record<string, string>, number] => [
        { source: each.source, cause },
        count,
      ]),
    );
  add(
    'Counter',
    'source_dropped_total',
    'Records dropped by a full queue',
    perCause(({ drops }) => ({ ...drops })),
  );
  add(
    'Counter',
    'source_left_out_total',
    'No records by configuration: filters, sampling',
    perCause(({ leftOut }) => leftOut),
  );
  add(
    'Counter',
    'source_replaced_total',
    'Invalid sequences of bytes that became U+FFFD',
    perSource(({ replaced }) => replaced),
  );
  for (const [name, figure] of [
    ['latency', stats.latencyMs],
    ['total', stats.totalMs],
  ] as const)
    add(
      'Gauge',
      `${name}_seconds`,
      name === 'latency' ? 'Time in the model a text' : 'Time from framing to answer',
      (['p50', 'p95', 'p99'] as const).map((quantile) => [
        { quantile: `0.${quantile.slice(1)}` },
        figure.count > 0 ? figure[quantile] / 1000 : Number.NaN, // as a summary of Prometheus without observations
      ]),
    );
  add('Gauge', 'outbox_records', 'Records that wait for the broker', [[{}, outbox.records]]);
  add('Gauge', 'outbox_bytes', 'Bytes that wait for the broker', [[{}, outbox.bytes]]);
  add('Gauge', 'outbox_events', 'Events that wait for the broker', [[{}, outbox.events]]);
  add('Counter', 'outbox_dropped_total', 'Records dropped by the outbox', byKey('cause', figures.outboxDropped));
  add('Counter', 'withheld_total', 'Records not published, by rules and rate', byKey('cause', figures.withheld));
  add('Counter', 'dead_letters_total', 'Records and results put aside', [[{}, figures.deadLetters]]);
  const { rssBytes, rssAnonBytes } = processMemory();
  add('Gauge', 'rss_bytes', 'Memory of the process', [[{}, rssBytes]]);
  add('Gauge', 'rss_anon_bytes', 'Anonymous memory of the process', [[{}, rssAnonBytes]]);
  const { user, system } = process.cpuUsage();
  add('Counter', 'cpu_seconds_total', 'Processor time', [[{}, (user + system) / 1e6]]);
  const body = await registry.metrics();
  // The library writes `Nan`, which is not how the format spells it.
  return { type: registry.contentType, body: body.replaceAll(/ Nan$/gm, ' NaN') };
}
