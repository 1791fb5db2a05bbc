/** A bundle on disk: opened, checked, its profiles made ready to run. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SliceOptions } from '../compress/slice.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import type { EncoderOptions, EncoderShape } from '../model/index.js';
import { sha256OfBytes, sha256OfFile } from './hash.js';
import { type Manifest, parseManifest } from './manifest.js';
import { materialise, type OpenProfile, readCached } from './materialise.js';
import { nearestProfiles, parseProfile, shapeName } from './profile-name.js';
import type { Materialised } from './seal.js';
import { isWhole } from './whole.js';

export const files = {
  manifest: 'manifest.json',
  manifestHash: 'manifest.sha256',
  master: 'master.safetensors',
  tokenizer: 'tokenizer.json',
  golden: 'golden.jsonl',
} as const;

/** Written beside the bundle for people; the only files that the manifest doesn't list. */
export const isReport = (name: string) => name.startsWith('report.');

export interface Bundle {
  readonly folder: string;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest's bytes, which names the bundle's content. */
  readonly identity: string;
  readonly tokenizerPath: string;
}

/**
 * Opens a bundle and checks the bytes of every file against the manifest; those of the master, by far the largest, once for as long as
 * the file is not touched.
 * @throws BUNDLE_NOT_FOUND, BUNDLE_MANIFEST, BUNDLE_NEWER, BUNDLE_DAMAGED
 */
export async function openBundle(folder: string): Promise<Bundle> {
  const path = join(folder, files.manifest);
  const bytes = await readFile(path).catch(async (error: unknown) => {
    const isCheckpoint = systemCodeOf(error) === 'ENOENT' && (await isThere(join(folder, 'config.json')));
    throw new SnugError('BUNDLE_NOT_FOUND', `${folder}: no ${files.manifest} to read: ${messageOf(error)}`, {
      cause: error,
      ...(isCheckpoint && { remedy: 'This is a checkpoint: snug build makes a bundle of it.' }),
    });
  });
  const identity = sha256OfBytes(bytes);
  const stated = await unlessDamaged(join(folder, files.manifestHash), (hashPath) => readFile(hashPath, 'utf8'));
  if (stated.trim() !== identity)
    throw new SnugError('BUNDLE_DAMAGED', `${path}: its bytes are not those that ${files.manifestHash} names`);
  // Before the other files are looked at: a newer format is told as such.
  const manifest = parseManifest(path, bytes.toString('utf8'));
  await checkFiles(folder, manifest);
  return { folder, manifest, identity, tokenizerPath: join(folder, files.tokenizer) };
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function checkFiles(folder: string, manifest: Manifest): Promise<void> {
  const listed = new Map(Object.entries(manifest.files));
  for (const name of [files.master, files.tokenizer, files.golden])
    if (!listed.has(name))
      throw new SnugError('BUNDLE_DAMAGED', `${join(folder, files.manifest)}: ${name} is not listed`);
  const own = new Set<string>([files.manifest, files.manifestHash]);
  for (const name of await readdir(folder))
    if (!listed.has(name) && !own.has(name) && !isReport(name))
      throw new SnugError('BUNDLE_DAMAGED', `${join(folder, name)}: the manifest does not list it`, {
        remedy: 'Remove the file, or copy the bundle again from where it was built.',
      });
  for (const [name, { bytes, sha256 }] of listed) {
    const path = join(folder, name);
    const { size } = await unlessDamaged(path, stat);
    if (size !== bytes) throw new SnugError('BUNDLE_DAMAGED', `${path}: ${size} bytes instead of ${bytes}`);
    await requireHash(path, sha256, name === files.master ? isWhole : hasHash);
  }
}

const hasHash = async (path: string, sha256: string) => (await sha256OfFile(path)) === sha256;

async function requireHash(path: string, sha256: string, holds: typeof hasHash): Promise<void> {
  if (await unlessDamaged(path, (readable) => holds(readable, sha256))) return;
  throw new SnugError('BUNDLE_DAMAGED', `${path}: its bytes are not those that the manifest names`);
}

/** What `read` gives; a file that is missing or can't be read is a damaged bundle. */
async function unlessDamaged<Result>(path: string, read: (path: string) => Promise<Result>): Promise<Result> {
  try {
    return await read(path);
  } catch (error) {
    const what = systemCodeOf(error) === 'ENOENT' ? 'missing' : messageOf(error);
    throw new SnugError('BUNDLE_DAMAGED', `${path}: ${what}`, { cause: error });
  }
}

/** The network that a profile runs, and how it is cut out of the master. */
export interface Network {
  readonly shape: EncoderShape;
  readonly options: EncoderOptions;
  readonly slice: SliceOptions;
}

/** @throws PROFILE_NAME, PROFILE_UNKNOWN naming the nearest */
export function networkOf(
  manifest: Pick<Manifest, 'ladder' | 'model' | 'head' | 'pooling' | 'labels' | 'tokenizer' | 'shapes'>,
  profile: string,
): Network {
  const wanted = parseProfile(profile);
  const held = manifest.ladder.map((rung) => rung.profile);
  const name = shapeName(wanted);
  const kept = manifest.shapes[name];
  if (!held.includes(profile) || !kept) {
    const nearest = nearestProfiles(wanted, held).join(', ');
    throw new SnugError('PROFILE_UNKNOWN', `the bundle holds no profile ${profile}; the nearest are ${nearest}`);
  }
  const { model, head, pooling, labels, tokenizer } = manifest;
  return {
    shape: {
      vocabSize: model.vocabSize,
      hiddenSize: kept.channels,
      headSize: model.headSize,
      maxTokens: tokenizer.maxTokens,
      tokenTypes: model.tokenTypes,
      activation: model.activation,
      layerNormEps: model.layerNormEps,
      layers: kept.layers,
    },
    options: {
      bits: wanted.bits,
      pooling,
      unpadded: true,
      ...(wanted.bag && { bag: true }),
      head:
        head.kind === 'fitted'
          ? {
              kind: 'fitted',
              labels: labels.length,
              hiddenSize: kept.channels,
              prototypes: head.prototypes,
              normalize: !head.raw || wanted.bag === true,
            }
          : {
              kind: 'checkpoint',
              labels: labels.length,
              inputSize: kept.channels,
              hiddenSize: model.hiddenSize,
              activation: head.activation ?? 'tanh',
            },
    },
    slice: {
      counts: { channels: kept.channels, layers: kept.layers },
      headSize: model.headSize,
      networkLayers: model.layers,
      keys: { shape: name, width: kept.widthCorrection, prune: kept.pruneCorrection },
    },
  };
}

/** Whether a profile can be loaded without being cut first. */
export async function isCached(bundle: Bundle, profile: string): Promise<boolean> {
  return (await readCached(bundle.identity, profile)) !== undefined;
}

/** Cuts a profile out of the master, or takes it from the cache. @throws BUNDLE_DAMAGED, CACHE_WRITE, DISK_FULL */
export async function materialiseProfile(bundle: Bundle, profile: string): Promise<Materialised> {
  networkOf(bundle.manifest, profile); // a profile that is not there is told before the cache is looked at
  return materialise(bundle.identity, profile, () => openProfile(bundle, profile));
}

/** The master, its bytes checked, and the plan of a profile over it. @throws PROFILE_UNKNOWN, BUNDLE_DAMAGED */
export async function openProfile(
  bundle: Bundle,
  profile: string,
  more: Pick<EncoderOptions, 'unpadded'> = {},
): Promise<OpenProfile> {
  const { options, ...network } = networkOf(bundle.manifest, profile);
  const path = join(bundle.folder, files.master);
  await requireHash(path, bundle.manifest.files[files.master].sha256, isWhole);
  // Loaded only where a profile is cut: a warm start needs neither the graph's room nor its encoder.
  const { Master, planFrom } = await import('./cut.js');
  const master = await Master.open(path);
  try {
    const planned = await planFrom(master, { ...network, options: { ...options, ...more } });
    return { ...planned, close: () => master.close() };
  } catch (error) {
    await master.close();
    throw error;
  }
}
