/**
 * `snug bench fit`: under real limits of memory and processor time, does what `snug fit` chooses serve, and is the next more accurate
 * profile really too much? What was measured is kept, so that a run that was ended goes on where it was.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBundle } from '../../bundle/index.js';
import { makeFolder } from '../../files/index.js';
import { textOf } from '../../fit/words.js';
import { loadBundleTokenizer } from '../../infer/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { ControlGroup } from '../control-group.js';
import { benchTexts } from '../pipeline/prepare.js';
import { type BenchRow, unmeasured } from '../row.js';
import { type Case, type CaseResult, runCase } from './case.js';
import { ownCopy } from './own-copy.js';
import { rowsOf, shapes } from './rows.js';

const MEGABYTES = [48, 64, 96, 128, 192, 256, 384];
const CORES = [0.25, 0.5, 1, 2];
const TEXTS = 1000;
const LONG_TEXTS = 100;
const LONG_TOKENS = 128;
/** Cases at once: a stream of ten texts a second leaves most of a core free. */
const AT_ONCE = 3;

export const fitBenchmark: Benchmark = {
  name: 'fit',
  summary:
    'what snug fit chooses under real limits of memory and processor time, and the next profile (as root; takes long)',
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
  const { packageRoot, say } = options;
  const folder = options.bundle ?? join(packageRoot, 'examples', 'clinc150', 'bundle');
  const bundle = await openBundle(folder);
  const tokenizer = await loadBundleTokenizer(bundle);
  const all = await benchTexts(options);
  const words = [...new Set(all.flatMap((text) => text.split(' ')))];
  const lengthOf = (text: string) => tokenizer.encode(text).ids.length;
  const common = {
    bundle: folder,
    rows: bundle.manifest.data?.eval.rows ?? 0,
    texts: Array.from({ length: TEXTS }, (_, at) => all[at % all.length]),
    longTexts: Array.from({ length: LONG_TEXTS }, (_, at) => textOf(words, LONG_TOKENS, lengthOf, 31 * at)),
    workFolder,
    say,
  };
  const kept = join(options.cacheFolder, 'fit-cases', keyOf(packageRoot, bundle.identity));
  await makeFolder(kept);
  say(`results are kept in ${kept}; delete it to measure anew`);
  const waiting = MEGABYTES.flatMap((megabytes) => CORES.map((cores): Case => ({ megabytes, cores })));
  const results = new Map<string, CaseResult>();
  const work = async (slot: number) => {
    const copy = await ownCopy(packageRoot, join(workFolder, `copy-${slot}`));
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const name = `${next.megabytes}-${next.cores}`;
      const file = join(kept, `${name}.json`);
      const before = await readFile(file, 'utf8').catch(() => undefined);
      const result: CaseResult = before === undefined ? await runCase(next, { ...common, copy }) : JSON.parse(before);
      if (before === undefined) await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
      results.set(name, result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, slot) => work(slot)));
  return rowsOf(MEGABYTES.flatMap((megabytes) => CORES.flatMap((cores) => results.get(`${megabytes}-${cores}`) ?? [])));
}

/** Results hold for a bundle and for the code that chooses and serves. */
function keyOf(packageRoot: string, identity: string): string {
  const hash = createHash('sha256').update(identity);
  for (const room of ['fit', 'infer', 'bundle', 'model', 'cli'])
    for (const name of readdirSync(join(packageRoot, 'dist', 'src', room)).sort())
      if (name.endsWith('.js')) hash.update(readFileSync(join(packageRoot, 'dist', 'src', room, name)));
  return hash.digest('hex').slice(0, 16);
}
