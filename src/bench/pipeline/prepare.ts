/** What the pipeline benchmark needs before it can measure: texts, a bundle, the peer with its model, a head for the peer. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SnugError } from '../../errors/index.js';
import type { BenchOptions } from '../benchmark.js';
import { buildOnce, type Missing } from '../built-bundle.js';
import type { Launch } from '../line-process.js';
import { exampleTexts, noneLabel, readClinc150, uniqueTexts } from '../texts.js';
import { type PeerHead, readBundleHead, standInHead } from './peer-head.js';
import type { SideId } from './sides.js';

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
  /** Sides that are another program than usual. */
  readonly standIns?: ReadonlyMap<SideId, Launch>;
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
  const head: PeerHead = 'why' in bundle ? standInHead() : await readBundleHead(bundle.folder, options.checkpoint);
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

/** CLINC150 where there is development data, else the example's stream. */
export async function benchTexts(options: BenchOptions): Promise<string[]> {
  if (options.dataFolder !== undefined) return uniqueTexts(readClinc150(options.dataFolder));
  return await exampleTexts(join(options.packageRoot, 'examples'));
}

/** The first twelve hex digits of the hash of the checkpoint's weights, as setup.sh takes it. */
export async function identityOf(checkpoint: string): Promise<string> {
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
  const { train, eval: evaluation } = readClinc150(options.dataFolder);
  const folder = join(options.cacheFolder, 'bundles', `clinc150-${identity}`);
  const data = { train, eval: evaluation, none: noneLabel };
  return await buildOnce({ cli, checkpoint: options.checkpoint, folder, data, say: options.say });
}
