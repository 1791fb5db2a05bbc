/** `snug bench`: measures Snug side by side with its peers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import { type Benchmark, type BenchResult, benchmarks, plotOf, runBenchmark, tableOf } from '../bench/index.js';
import { SnugError } from '../errors/index.js';
import { makeFolder } from '../files/index.js';
import { printJson } from './command.js';

interface Flags {
  json?: true;
  checkpoint?: string;
  bundle?: string;
  training?: string;
  fixture?: string;
  rounds?: number;
  out?: string;
  setup?: true;
}

export function define(command: Command): void {
  command
    .argument(
      '[names...]',
      `which: ${benchmarks.map(({ name, summary }) => `${name} (${summary})`).join('; ')}; default: all`,
    )
    .option('--checkpoint <folder>', 'the Hugging Face folder that both sides run (default: SNUG_CHECKPOINT)')
    .option('--bundle <folder>', 'a bundle made of it (default: built once into the cache)')
    .option('--training <folder>', 'alone: what a build with --training left')
    .option('--fixture <file>', 'gradients: what a reference library computed for one training step')
    .option('--rounds <count>', 'interleaved rounds a comparison', wholeNumber)
    .option('--out <folder>', 'write a JSON file, a table and an SVG plot a benchmark there')
    .option(
      '--setup',
      'first bring the peer and its ONNX files (scripts/bench/setup.sh; needs Python and a package index)',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  snug bench pipeline --setup --checkpoint ./all-MiniLM-L6-v2 --out figures')
    .addHelpText(
      'after',
      '\nEnvironment: SNUG_DATA (development data), SNUG_BENCH_CACHE (default: snug/bench in the XDG cache folder)',
    )
    .action(run);
}

async function run(names: string[], flags: Flags): Promise<void> {
  const wanted = names.length === 0 ? benchmarks : names.map(named);
  const packageRoot = findPackageRoot();
  const checkpoint = flags.checkpoint ?? process.env.SNUG_CHECKPOINT;
  if (flags.setup) await setUp(packageRoot, checkpoint);
  const results: BenchResult[] = [];
  for (const benchmark of wanted) {
    const result = await runBenchmark(benchmark, {
      packageRoot,
      cacheFolder: cacheFolder(),
      say: (line) => process.stderr.write(`${benchmark.name}: ${line}\n`),
      ...(checkpoint && { checkpoint: resolve(checkpoint) }),
      ...(flags.bundle && { bundle: resolve(flags.bundle) }),
      ...(flags.training && { training: resolve(flags.training) }),
      ...(flags.fixture && { fixture: resolve(flags.fixture) }),
      ...(flags.rounds && { rounds: flags.rounds }),
      ...(process.env.SNUG_DATA && { dataFolder: resolve(process.env.SNUG_DATA) }),
    });
    results.push(result);
    if (flags.out !== undefined) await write(flags.out, result, benchmark.pictures?.(result.rows));
    if (!flags.json) process.stdout.write(`${tableOf(result)}\n`);
  }
  // One benchmark is the contract's object; several are a list of them.
  if (flags.json) printJson(results.length === 1 ? results[0] : results);
}

function named(name: string): Benchmark {
  const benchmark = benchmarks.find((one) => one.name === name);
  if (benchmark) return benchmark;
  const known = benchmarks.map((one) => one.name).join(', ');
  throw new SnugError('USAGE', `there is no benchmark "${name}"; there is: ${known}`);
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100)
    throw new InvalidArgumentError('a whole number from 1 to 100');
  return count;
}

async function setUp(packageRoot: string, checkpoint: string | undefined): Promise<void> {
  if (!checkpoint) throw new SnugError('USAGE', '--setup needs --checkpoint or SNUG_CHECKPOINT');
  const script = join(packageRoot, 'scripts', 'bench', 'setup.sh');
  const env = { ...process.env, SNUG_BENCH_CACHE: cacheFolder() };
  const [code] = await once(
    spawn(script, [resolve(checkpoint)], { stdio: ['ignore', 'ignore', 'inherit'], env }),
    'close',
  );
  if (code !== 0) throw new SnugError('BENCH_SETUP', `${script} ended with code ${code}`);
}

async function write(folder: string, result: BenchResult, pictures: Readonly<Record<string, string>> = {}) {
  await makeFolder(folder);
  await writeFile(join(folder, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(join(folder, `${result.name}.txt`), tableOf(result));
  await writeFile(join(folder, `${result.name}.svg`), plotOf(result));
  for (const [name, svg] of Object.entries(pictures)) await writeFile(join(folder, `${name}.svg`), svg);
}

function cacheFolder(): string {
  const xdg = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return resolve(process.env.SNUG_BENCH_CACHE || join(xdg, 'snug', 'bench'));
}

/** The folder with package.json: this file runs from src/ and from dist/src/. */
function findPackageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
