/** A profile as an ONNX folder in the layout of the Hugging Face hub, as transformers.js, Optimum and onnxruntime read it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { type Bundle, networkOf, openProfile } from '../bundle/index.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { makeFolder, replaceFolder } from '../files/index.js';
import { ownKey, writeModelConfig } from './model-config.js';
import { writeReadme } from './readme.js';
import { readTokenizer } from './tokenizer-files.js';

export interface ExportOptions {
  /** Where to: a new or an empty folder, or one that was exported before, which is replaced. */
  readonly folder: string;
  readonly profile: string;
  /** Snug's own version. */
  readonly version: string;
}

export interface ExportResult {
  readonly folder: string;
  readonly profile: string;
  /** The bundle's identity. */
  readonly bundle: string;
  readonly labels: number;
  /** Bytes by name. */
  readonly files: Readonly<Record<string, number>>;
}

const files = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  readme: 'README.md',
  model: 'onnx/model.onnx',
} as const;

/**
 * Exports a profile for text classification: one `.onnx` file with its weights inside, inputs `input_ids` and `attention_mask`
 * (int64 [batch, tokens]), output `logits` (float32 [batch, labels]), with configuration and tokenizer beside it. Written beside its
 * place and renamed there.
 * @throws EXPORT_WRITE, DISK_FULL, MODEL_TOO_LARGE, PROFILE_UNKNOWN, BUNDLE_DAMAGED
 */
export async function exportOnnx(bundle: Bundle, options: ExportOptions): Promise<ExportResult> {
  const target = resolve(options.folder);
  try {
    refuseInside(resolve(bundle.folder), target);
    await refuseForeign(target);
    const content = await contentOf(bundle, options);
    await replaceFolder(target, async (staging) => {
      await makeFolder(join(staging, 'onnx'));
      for (const [name, bytes] of content) await writeFile(join(staging, name), bytes, { flush: true });
    });
    return {
      folder: options.folder,
      profile: options.profile,
      bundle: bundle.identity,
      labels: bundle.manifest.labels.length,
      files: Object.fromEntries(content.map(([name, bytes]) => [name, bytes.length])),
    };
  } catch (error) {
    if (error instanceof SnugError) throw error;
    const code = systemCodeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'EXPORT_WRITE';
    throw new SnugError(code, `${target}: ${messageOf(error)}`, { cause: error });
  }
}

/** The files by name. */
async function contentOf(
  bundle: Bundle,
  { profile, version }: ExportOptions,
): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { manifest, identity } = bundle;
  const { shape } = networkOf(manifest, profile);
  const tokenizer = await readTokenizer(bundle);
  const about = { profile, identity, version, temperature: manifest.calibrations[profile]?.temperature ?? 1 };
  const { source, plan, close } = await openProfile(bundle, profile);
  try {
    const model = await plan.encodeWhole(source, ['logits']);
    return [
      [files.config, jsonBytes(writeModelConfig(manifest, shape, tokenizer.padTokenId, about))],
      [files.tokenizer, Buffer.from(JSON.stringify(tokenizer.json))],
      [files.tokenizerConfig, jsonBytes(tokenizer.config)],
      [files.readme, Buffer.from(writeReadme(manifest, about))],
      [files.model, model],
    ];
  } finally {
    await close();
  }
}

const jsonBytes = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/** A bundle is whole only without other files in it. */
function refuseInside(bundle: string, target: string): void {
  const way = relative(bundle, target);
  if (way === '..' || way.startsWith(`..${sep}`)) return;
  throw new SnugError('EXPORT_WRITE', `${target}: lies in the bundle, which can hold nothing else`, {
    remedy: 'Choose a folder outside the bundle with --onnx.',
  });
}

/** Only an empty folder or an earlier export, known by a key in its config.json, may be replaced. */
async function refuseForeign(target: string): Promise<void> {
  const names = await namesIn(target);
  if (names.length === 0) return;
  const own = new Set<string>(Object.values(files));
  const foreign = names.find((name) => !own.has(name)) ?? ((await isExport(target)) ? undefined : names[0]);
  if (foreign === undefined) return;
  throw new SnugError('EXPORT_WRITE', `${target}: ${foreign} is there, which snug export did not write`, {
    remedy: 'Choose a new folder, or one that an earlier export wrote.',
  });
}

/** What stands in a folder, and in its folder `onnx`; nothing where it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  const read = (path: string) =>
    readdir(path).catch((error: unknown): string[] => {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw error;
    });
  const names = await read(folder);
  if (!names.includes('onnx')) return names;
  const inside = await read(join(folder, 'onnx'));
  return [...names.filter((name) => name !== 'onnx'), ...inside.map((name) => `onnx/${name}`)];
}

async function isExport(folder: string): Promise<boolean> {
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, files.config), 'utf8'));
    return typeof config === 'object' && config !== null && ownKey in config;
  } catch {
    return false;
  }
}
