/** What the pipeline benchmark needs before it can measure: texts, a bundle, the peer with its model, a head for the peer. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SnugError } from '../../errors/index.js';
import { makeFolder } from '../../files/index.js';
import type { BenchOptions } from '../benchmark.js';
import { exampleTexts, noneLabel, readClinc150, toTsv, uniqueTexts } from '../texts.js';
import { type PeerHead, readBundleHead, standInHead } from './peer-head.js';

export type Missing = { readonly why: string };

export interface Peer {
  readonly program: string;
  /** The model as transformers.js's conversion leaves it. */
  readonly inline: string;
  /** The same with its weights in files of their own, which onnxruntime maps. */
  readonly external: string;
}

export interface Prepared {
  readonly packageRoot: string;
  /** Snug's compiled command. */
  readonly cli: string;
  readonly bundle: { readonly folder: string } | Missing;
  readonly peer: Peer | Missing;
  readonly headFile: string;
  /** All texts, one a line. */
  readonly textsFile: string;
  /** How many there are. */
  readonly texts: number;
  /** `count` texts from `first` on; begins anew after the last one. */
  slice(first: number, count: number): string[];
  /** For files of this run; gone after `dispose`. */
  readonly workFolder: string;
  dispose(): Promise<void>;
}

export async function prepare(options: BenchOptions): Promise<Prepared> {
  const { packageRoot, say } = options;
  const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
  if (!existsSync(cli)) throw new SnugError('BENCH_SETUP', `${cli} is missing`, { remedy: 'Run: npm run build' });
  const texts = await benchTexts(options);
  const identity = options.checkpoint === undefined ? undefined : await identityOf(options.checkpoint);
  const bundle = await findBundle(options, cli, identity).catch((thrown: unknown) => ({ why: messageOf(thrown) }));
  const peer = findPeer(options, identity);
  if ('why' in peer) say(`transformers.js: ${peer.why}`);

  const workFolder = await mkdtemp(join(tmpdir(), 'snug-bench-'));
  const textsFile = join(workFolder, 'texts.txt');
  const headFile = join(workFolder, 'head.json');
  await writeFile(textsFile, `${texts.join('\n')}\n`);
  const head: PeerHead = 'why' in bundle ? standInHead() : await readBundleHead(bundle.folder);
  await writeFile(headFile, JSON.stringify(head));
  return {
    packageRoot,
    cli,
    bundle,
    peer,
    headFile,
    textsFile,
    texts: texts.length,
    slice: (first, count) => Array.from({ length: count }, (_, at) => texts[(first + at) % texts.length]),
    workFolder,
    dispose: () => rm(workFolder, { recursive: true, force: true }),
  };
}

async function benchTexts(options: BenchOptions): Promise<string[]> {
  if (options.dataFolder !== undefined) return uniqueTexts(readClinc150(options.dataFolder));
  return await exampleTexts(join(options.packageRoot, 'examples'));
}

/** The first twelve hex digits of the hash of the checkpoint's weights, as setup.sh takes it. */
async function identityOf(checkpoint: string): Promise<string> {
  const path = join(checkpoint, 'model.safetensors');
  if (!existsSync(path)) throw new SnugError('BENCH_SETUP', `${checkpoint} holds no model.safetensors`);
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex').slice(0, 12);
}

function findPeer(options: BenchOptions, identity: string | undefined): Peer | Missing {
  const folder = join(options.packageRoot, 'scripts', 'bench');
  if (identity === undefined) return { why: 'no checkpoint: give --checkpoint or set SNUG_CHECKPOINT' };
  const onnx = join(options.cacheFolder, 'onnx', identity);
  const needed = [
    join(folder, 'node_modules', '@huggingface', 'transformers'),
    join(onnx, 'inline'),
    join(onnx, 'external'),
  ];
  const missing = needed.find((path) => !existsSync(path));
  if (missing !== undefined)
    return { why: `${missing} is missing; run scripts/bench/setup.sh ${options.checkpoint}, or give --setup` };
  return {
    program: join(folder, 'transformers-js.mjs'),
    inline: join(onnx, 'inline'),
    external: join(onnx, 'external'),
  };
}

/** The bundle that was given, or one built from the checkpoint into the cache, in fp16 as `snug build` stores it. */
async function findBundle(
  options: BenchOptions,
  cli: string,
  identity: string | undefined,
): Promise<{ folder: string } | Missing> {
  if (options.bundle !== undefined) return { folder: options.bundle };
  if (options.checkpoint === undefined || identity === undefined)
    return { why: 'no bundle: give --bundle or --checkpoint' };
  if (options.dataFolder === undefined)
    return { why: 'no bundle: --bundle is not given, and SNUG_DATA, to build one from, is not set' };
  const folder = join(options.cacheFolder, 'bundles', `clinc150-${identity}`);
  if (existsSync(folder) && (await ends(cli, ['info', folder]))) return { folder };
  options.say(`building ${folder} (once)`);
  await makeFolder(join(options.cacheFolder, 'bundles'));
  const rows = readClinc150(options.dataFolder);
  const [data, evaluation] = [`${folder}-train.tsv`, `${folder}-eval.tsv`];
  await writeFile(data, toTsv(rows.train));
  await writeFile(evaluation, toTsv(rows.eval));
  await rm(folder, { recursive: true, force: true });
  const args = [
    'build',
    options.checkpoint,
    '--data',
    data,
    '--eval',
    evaluation,
    '--none',
    noneLabel,
    '--recipe',
    'head',
    '-o',
    folder,
  ];
  if (!(await ends(cli, args))) return { why: 'no bundle: snug build failed (its message stands above)' };
  return { folder };
}

/** Runs a command of Snug; true where it ended well. */
function ends(cli: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}
