/**
 * `snug bench cost-model`: what `snug fit` predicts of every profile before any was cut or run on this machine, held against what is
 * measured then: time under three quotas with one and two threads, and memory. docs/benchmarks.md says what each row is.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBundle } from '../../bundle/index.js';
import { makeFolder } from '../../files/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { ControlGroup } from '../control-group.js';
import { benchTexts } from '../pipeline/prepare.js';
import { type BenchRow, unmeasured } from '../row.js';
import { cutAll } from './cut-all.js';
import { measureAll } from './measure.js';
import { picturesOf } from './picture.js';
import { predict } from './predictions.js';
import { type Plan, rowsOf, shapes } from './rows.js';

const THREADS = [1, 2];
const QUOTAS = [1, 0.5, 0.25];
const TOKENS = [8, 32, 128];
/** Texts before memory is read. */
const TEXTS = 1000;

export const costModelBenchmark: Benchmark = {
  name: 'cost-model',
  summary: 'what snug fit predicts of every profile, and what is measured then: time and memory (as root)',
  pictures: picturesOf,
  async run(options) {
    const problem = ControlGroup.problem();
    if (problem !== undefined) return Object.values(shapes).map((shape) => unmeasured(shape, problem));
    const workFolder = await mkdtemp(join(tmpdir(), 'snug-bench-'));
    try {
      return await measure(options, workFolder);
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  },
};

async function measure(options: BenchOptions, workFolder: string): Promise<BenchRow[]> {
  const { packageRoot, say, rounds = 1 } = options;
  const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
  const folder = options.bundle ?? join(packageRoot, 'examples', 'clinc150', 'bundle');
  const profiles = (await openBundle(folder)).manifest.ladder.map(({ profile }) => profile);
  const plan: Plan = {
    profiles,
    threads: THREADS.filter((count) => count <= availableParallelism()),
    quotas: QUOTAS,
    tokens: TOKENS,
  };
  const cache = join(workFolder, 'cache');
  await makeFolder(options.cacheFolder);
  const file = join(options.cacheFolder, 'cost-model-predictions.json');

  say('predicting, from an empty state');
  const predictions = await predict({ ...plan, cli, bundle: folder, cache, file });
  say(`predictions are written down in ${file}; cutting ${profiles.length} profiles`);
  await cutAll({ packageRoot, bundle: folder, profiles, cache });
  const textsFile = join(workFolder, 'texts.txt');
  await writeFile(textsFile, `${(await benchTexts(options)).slice(0, TEXTS).join('\n')}\n`);
  const group = ControlGroup.make({});
  try {
    const found = await measureAll({ ...plan, packageRoot, bundle: folder, textsFile, cache, rounds, group, say });
    return rowsOf(plan, predictions, found, `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, predictions in ${file}`);
  } finally {
    await group.remove();
  }
}
