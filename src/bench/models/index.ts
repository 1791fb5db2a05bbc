/**
 * `snug bench models`: what published models cost beside Snug's profiles in the same runtime, the paper's recipe in full beside
 * transformers.js from text to answer, and the simplest alternative beside both. docs/benchmarks.md says what each row is.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, openBundle } from '../../bundle/index.js';
import { messageOf } from '../../errors/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { measureLatency } from '../pipeline/measure-serving.js';
import { identityOf, type Prepared, prepare } from '../pipeline/prepare.js';
import { compose, type RowPlan, type Samples } from '../pipeline/samples.js';
import { nameOf as sideName } from '../pipeline/sides.js';
import type { BenchRow } from '../row.js';
import { measureNetworks } from './measure-networks.js';
import { type MadeNetwork, networkRows } from './network-rows.js';
import { HALF_INT8, holds, makeNetwork, type Network, networkIds, type Sources } from './networks.js';
import { ngramRows } from './ngram-rows.js';

const DEFAULT_ROUNDS = 5;

export const modelsBenchmark: Benchmark = {
  name: 'models',
  summary:
    'shapes of published models, transformers.js and a linear n-gram classifier beside profiles: time, memory, bytes',
  async run(given) {
    const options = { ...given, ...(await exampleWhereElastic(given)) };
    const prepared = await prepare(options);
    try {
      return await measure(prepared, options);
    } finally {
      await prepared.dispose();
    }
  },
};

/** The example's bundle, where none is given and it holds the profile that has bars; else one is built. */
async function exampleWhereElastic({ bundle, packageRoot }: BenchOptions): Promise<{ bundle?: string }> {
  const example = join(packageRoot, 'examples', 'clinc150', 'bundle');
  if (bundle !== undefined || !holds(await openBundle(example).catch(() => undefined), HALF_INT8)) return {};
  return { bundle: example };
}

async function measure(prepared: Prepared, options: BenchOptions): Promise<BenchRow[]> {
  const { say, checkpoint } = options;
  const rounds = options.rounds ?? DEFAULT_ROUNDS;
  const bundle = 'why' in prepared.bundle ? undefined : await openBundle(prepared.bundle.folder);
  const folder = join(prepared.workFolder, 'networks');
  await mkdir(folder);
  const made = await makeAll({ checkpoint, bundle, folder }, say);
  const ready = new Map([...made].filter((one): one is [string, Network] => !('why' in one[1])));
  const measured = await measureNetworks({ networks: ready, packageRoot: options.packageRoot, rounds, say });
  const rows = networkRows(made, measured);
  const whole = await wholePipeline(prepared, bundle, made.get(HALF_INT8), rounds, say);
  const ngrams = await ngramRows({
    cli: prepared.cli,
    dataFolder: options.dataFolder,
    checkpoint,
    identity: checkpoint === undefined ? undefined : await identityOf(checkpoint),
    cacheFolder: options.cacheFolder,
    workFolder: prepared.workFolder,
    bundle: prepared.bundle,
    say,
  });
  // Bars first.
  const all = [...rows, ...whole, ...ngrams];
  return [...all.filter((one) => one.bar !== null), ...all.filter((one) => one.bar === null)];
}

async function makeAll(sources: Sources, say: (line: string) => void): Promise<Map<string, MadeNetwork>> {
  const made = new Map<string, MadeNetwork>();
  for (const id of networkIds(sources.bundle)) {
    say(`making ${id}`);
    made.set(id, await makeNetwork(id, sources).catch((thrown: unknown) => ({ why: messageOf(thrown) })));
  }
  return made;
}

/** From a text into a pipe to its answer out of it, as `snug bench pipeline` measures it. */
async function wholePipeline(
  prepared: Prepared,
  bundle: Bundle | undefined,
  half: MadeNetwork | undefined,
  rounds: number,
  say: (line: string) => void,
): Promise<BenchRow[]> {
  const real = holds(bundle, HALF_INT8);
  const standIn = bundle && half && !real && !('why' in half) ? standInLaunch(prepared, bundle, half) : undefined;
  const able = standIn ? { ...prepared, standIns: new Map([['run-half' as const, standIn]]) } : prepared;
  const samples: Samples = await measureLatency(able, { sides: ['run-half', 'tjs-fp32', 'tjs-q8'], rounds, say });
  const weights = real ? "the bundle's weights" : "random weights in a stand-in's loop";
  const plan = (id: string, against: 'tjs-fp32' | 'tjs-q8', bar: RowPlan['shape']['bar']): RowPlan => ({
    shape: {
      id,
      what: `${HALF_INT8}, ${weights}: p50 from a text into the pipe to its answer out of it, one at a time`,
      unit: 'ms',
      bar,
    },
    value: 'run-half',
    against: [against],
    lowIsBetter: true,
  });
  const plans = [plan('half-int8-vs-tjs-fp32', 'tjs-fp32', '<=0.18'), plan('half-int8-vs-tjs-q8', 'tjs-q8', '<=0.36')];
  return compose(plans, samples, sideName);
}

function standInLaunch({ packageRoot }: Prepared, bundle: Bundle, { modelPath }: Network) {
  const program = join(packageRoot, 'dist', 'src', 'bench', 'models', 'stand-in-loop.js');
  return { command: process.execPath, args: [program, bundle.folder, HALF_INT8, modelPath] };
}
