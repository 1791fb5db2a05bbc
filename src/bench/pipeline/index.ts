/**
 * `snug bench pipeline`: the whole way from text to answer, side by side with transformers.js on the same checkpoint, texts,
 * runtime version and threads: (a) a bare tokenise-and-run loop, (b) `snug run`, (c) `snug agent` publishing to a broker,
 * (d) transformers.js with its pooling and a linear head. docs/benchmarks.md says what each row is.
 */
import { messageOf } from '../../errors/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import type { BenchRow } from '../row.js';
import { median, percentile } from '../statistics.js';
import { agentLatencies, agentRate, openBroker } from './agent-side.js';
import { measureBatched, runRate } from './measure-batched.js';
import { measureLatency, measureMemory, measureStart } from './measure-serving.js';
import { type Prepared, prepare } from './prepare.js';
import { compose, type RowPlan, type Sample, type Samples } from './samples.js';
import { nameOf, type SideId } from './sides.js';

const DEFAULT_ROUNDS = 5;
/** Memory varies little and takes long. */
const MOST_MEMORY_ROUNDS = 3;
const AGENT_WARM_UP = 30;
const AGENT_LATENCY_TEXTS = 200;

const row = (
  id: string,
  what: string,
  unit: string,
  value: SideId,
  more: { against?: SideId[]; bar?: RowPlan['shape']['bar']; high?: true } = {},
): RowPlan => ({
  shape: { id, what, unit, ...(more.bar === undefined ? {} : { bar: more.bar }) },
  value,
  ...(more.against === undefined ? {} : { against: more.against }),
  lowIsBetter: more.high !== true,
});

const oneAtATime = 'p50 from a text into the pipe to its answer out of it, one at a time';
const latencyPlans: readonly RowPlan[] = [
  row('int8-vs-tjs-fp32', oneAtATime, 'ms', 'run-int8', { against: ['tjs-fp32'], bar: '<=0.45' }),
  row('int8-vs-tjs-q8', oneAtATime, 'ms', 'run-int8', { against: ['tjs-q8'], bar: '<=0.87' }),
  row('fp32-vs-tjs-fp32', oneAtATime, 'ms', 'run-fp32', { against: ['tjs-fp32'] }),
  row('latency-bare-int8', oneAtATime, 'ms', 'bare-int8'),
  row('latency-bare-fp32', oneAtATime, 'ms', 'bare-fp32'),
  row('latency-run-int8', oneAtATime, 'ms', 'run-int8'),
  row('latency-run-fp32', oneAtATime, 'ms', 'run-fp32'),
  row('latency-tjs-fp32', oneAtATime, 'ms', 'tjs-fp32'),
  row('latency-tjs-q8', oneAtATime, 'ms', 'tjs-q8'),
  row(
    'latency-agent-int8',
    'p50 from a text into the pipe to its result at an MQTT subscriber, one at a time',
    'ms',
    'agent-int8',
  ),
];

const atSaturation = 'with a file of texts at hand';
const inALoop = `${atSaturation}, in a loop in one process, best batch size`;
const batchedPlans: readonly RowPlan[] = [
  row('agent-overhead', `published to a broker, ${atSaturation}`, 'records/s', 'agent-int8', {
    against: ['bare-int8'],
    bar: '>=0.95',
    high: true,
  }),
  row('batched-vs-tjs-fp32', atSaturation, 'records/s', 'run-int8', {
    against: ['tjs-fp32'],
    bar: '>=1.5',
    high: true,
  }),
  row('batched-vs-tjs-q8', atSaturation, 'records/s', 'run-int8', { against: ['tjs-q8'], high: true }),
  row('batched-fp32-vs-tjs-fp32', atSaturation, 'records/s', 'run-fp32', { against: ['tjs-fp32'], high: true }),
  row('batched-bare-vs-tjs-q8', inALoop, 'records/s', 'bare-int8', { against: ['tjs-q8'], high: true }),
  row('batched-bare-fp32-vs-tjs-fp32', inALoop, 'records/s', 'bare-fp32', { against: ['tjs-fp32'], high: true }),
  row('rate-bare-int8', inALoop, 'records/s', 'bare-int8', { high: true }),
  row('rate-bare-fp32', inALoop, 'records/s', 'bare-fp32', { high: true }),
  row('rate-run-int8', atSaturation, 'records/s', 'run-int8', { high: true }),
  row('rate-run-fp32', atSaturation, 'records/s', 'run-fp32', { high: true }),
  row('rate-agent-int8', `published to a broker, ${atSaturation}`, 'records/s', 'agent-int8', { high: true }),
  row('rate-tjs-fp32', inALoop, 'records/s', 'tjs-fp32', { high: true }),
  row('rate-tjs-q8', inALoop, 'records/s', 'tjs-q8', { high: true }),
];

const toFirst = 'start of the process to its first answer, files in the page cache';
const startPlans: readonly RowPlan[] = [
  row('start-vs-tjs', toFirst, 'ms', 'run-int8', { against: ['tjs-q8', 'tjs-q8-external'], bar: '<=0.5' }),
  row('start-vs-tjs-as-converted', toFirst, 'ms', 'run-int8', { against: ['tjs-q8'] }),
  row('start-fp32-vs-tjs-fp32', toFirst, 'ms', 'run-fp32', { against: ['tjs-fp32', 'tjs-fp32-external'] }),
];

const peakMemory = 'anonymous memory of all processes at its peak, up to the thousandth text';
const lateMemory = 'anonymous memory of all processes after a thousand texts';
const peakPlans: readonly RowPlan[] = [
  row('anon-rss-vs-tjs', peakMemory, 'MB', 'run-int8', { against: ['tjs-q8', 'tjs-q8-external'], bar: '<=0.33' }),
  row('anon-rss-vs-tjs-as-converted', peakMemory, 'MB', 'run-int8', { against: ['tjs-q8'] }),
  row('anon-rss-fp32-vs-tjs-fp32', peakMemory, 'MB', 'run-fp32', { against: ['tjs-fp32', 'tjs-fp32-external'] }),
  row('anon-rss-int8-vs-tjs-fp32', peakMemory, 'MB', 'run-int8', { against: ['tjs-fp32', 'tjs-fp32-external'] }),
];
const latePlans: readonly RowPlan[] = [
  row('anon-rss-1000-vs-tjs', lateMemory, 'MB', 'run-int8', { against: ['tjs-q8', 'tjs-q8-external'] }),
  row('anon-rss-1000-fp32-vs-tjs-fp32', lateMemory, 'MB', 'run-fp32', { against: ['tjs-fp32', 'tjs-fp32-external'] }),
];
const rssPlans: readonly RowPlan[] = [
  row('rss-vs-tjs', 'all RSS of all processes after a thousand texts', 'MB', 'run-int8', {
    against: ['tjs-q8', 'tjs-q8-external'],
  }),
  row('rss-fp32-vs-tjs-fp32', 'all RSS of all processes after a thousand texts', 'MB', 'run-fp32', {
    against: ['tjs-fp32', 'tjs-fp32-external'],
  }),
];

export const pipelineBenchmark: Benchmark = {
  name: 'pipeline',
  summary: 'text to answer, side by side with transformers.js: latency, records per second, start, memory, the agent',
  async run(options) {
    const prepared = await prepare(options);
    try {
      return await measure(prepared, options);
    } finally {
      await prepared.dispose();
    }
  },
};

async function measure(prepared: Prepared, options: BenchOptions): Promise<BenchRow[]> {
  const rounds = options.rounds ?? DEFAULT_ROUNDS;
  const { say } = options;
  const plain: SideId[] = ['run-int8', 'tjs-q8', 'run-fp32', 'tjs-fp32'];
  const withExternal: SideId[] = [...plain, 'tjs-q8-external', 'tjs-fp32-external'];

  const latency = new Map(await measureLatency(prepared, { sides: [...plain, 'bare-int8', 'bare-fp32'], rounds, say }));
  const broker = await openBroker(prepared.workFolder);
  let batched: Map<SideId, Sample>;
  try {
    say('agent, one text at a time');
    latency.set('agent-int8', await agentLatency(prepared, broker, rounds));
    batched = new Map(
      await measureBatched(prepared, {
        loops: ['bare-int8', 'tjs-q8', 'bare-fp32', 'tjs-fp32'],
        streams: new Map([
          ['run-int8', (file, count, batch) => runRate('run-int8', prepared, file, count, batch)],
          ['run-fp32', (file, count, batch) => runRate('run-fp32', prepared, file, count, batch)],
          ['agent-int8', (file, count, batch) => agentRate(prepared, broker, file, count, batch)],
        ]),
        rounds,
        say,
      }),
    );
    const agent = batched.get('agent-int8');
    if (agent && !('why' in agent))
      batched.set('agent-int8', { ...agent, note: `${agent.note}, publishing to ${broker.name}` });
  } finally {
    await broker.close();
  }
  const start = await measureStart(prepared, { sides: withExternal, rounds, say });
  const memory = await measureMemory(prepared, {
    sides: withExternal,
    rounds: Math.min(rounds, MOST_MEMORY_ROUNDS),
    say,
  });

  const parts: readonly (readonly [readonly RowPlan[], Samples])[] = [
    [batchedPlans, batched],
    [latencyPlans, latency],
    [startPlans, start],
    [peakPlans, memory.peakAnon],
    [latePlans, memory.anon],
    [rssPlans, memory.rss],
  ];
  const rows = parts.flatMap(([plans, samples]) => compose(plans, samples, nameOf));
  // Bars first, in the order of the plans.
  return [...rows.filter((one) => one.bar !== null), ...rows.filter((one) => one.bar === null)];
}

async function agentLatency(
  prepared: Prepared,
  broker: Parameters<typeof agentLatencies>[1],
  rounds: number,
): Promise<Sample> {
  try {
    const texts = prepared.slice(0, AGENT_WARM_UP + AGENT_LATENCY_TEXTS * rounds);
    const taken = (await agentLatencies(prepared, broker, texts)).slice(AGENT_WARM_UP);
    const figures = Array.from({ length: rounds }, (_, round) =>
      median(taken.slice(round * AGENT_LATENCY_TEXTS, (round + 1) * AGENT_LATENCY_TEXTS)),
    );
    const note = `p95 ${percentile(taken, 0.95).toFixed(2)} ms, p99 ${percentile(taken, 0.99).toFixed(2)} ms, by ${broker.name}`;
    return { figures, note };
  } catch (thrown) {
    return { why: messageOf(thrown) };
  }
}
