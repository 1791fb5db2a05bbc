/** Fetches a checkpoint from a hub that speaks the Hugging Face protocol into a folder that `openCheckpoint` reads. */
import { join } from 'node:path';
import { SnugError } from '../../errors/index.js';
import { readConfig } from '../config.js';
import { readJsonObject } from '../json-file.js';
import { openCheckpoint } from '../open.js';
import { readModules } from '../pooling.js';
import { weightMap, weightsFile, weightsIndex } from '../weights.js';
import { download, type FetchedFile, type Progress } from './download.js';
import { type Listing, parseListing, type RemoteFile, smallFiles } from './listing.js';
import { get, type Hub } from './request.js';
import { defaultPatience, type Patience, persist } from './retry.js';

export type { FetchedFile, Progress };

/** Where checkpoints come from unless HF_ENDPOINT says otherwise. */
export const defaultEndpoint = 'https://huggingface.co';

export interface FetchOptions {
  /** `OWNER/NAME`. */
  readonly repository: string;
  /** Where the files go; made where it is missing. */
  readonly folder: string;
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
  /** URL of the hub; default `defaultEndpoint`. */
  readonly endpoint?: string;
  readonly token?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Longest silence of the server, in ms; default one minute. */
  readonly stallMs?: number;
  readonly patience?: Partial<Patience>;
}

export interface FetchedCheckpoint {
  readonly repository: string;
  readonly revision: string;
  /** The commit that the revision stood for; null where the hub does not say. */
  readonly commit: string | null;
  readonly folder: string;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly files: readonly FetchedFile[];
}

/** Longest listing that is read, in bytes. */
const listingBytes = 32 * 1024 * 1024;

/**
 * Downloads configuration, tokenizer, pooling files, model card and weights, one after the other, all of one commit. The
 * configuration is checked before the weights are asked for, the whole checkpoint at the end.
 * @throws USAGE, HUB_ACCESS, HUB_NOT_FOUND, HUB_UNREACHABLE, HUB_LISTING, HUB_CHECKSUM, HUB_WRITE, DISK_FULL,
 * CHECKPOINT_WEIGHTS_FORMAT, and what `openCheckpoint` throws
 */
export async function fetchCheckpoint(options: FetchOptions): Promise<FetchedCheckpoint> {
  const { repository, folder, revision = 'main' } = options;
  checkNames(repository, revision);
  const hub: Hub = {
    endpoint: endpointUrl(options.endpoint ?? defaultEndpoint),
    token: options.token || undefined,
    stallMs: options.stallMs ?? 60_000,
  };
  const patience: Patience = { ...defaultPatience, ...options.patience };
  const listing = await list(hub, repository, revision, patience);
  if (![...listing.files.keys()].some((path) => path.endsWith('.safetensors'))) {
    throw noSafetensors(repository, listing);
  }
  const files: FetchedFile[] = [];
  const fetchAll = async (wanted: readonly RemoteFile[]) => {
    for (const file of wanted) {
      const path = `${repository}/resolve/${encodeURIComponent(listing.commit ?? revision)}/${encodePath(file.path)}`;
      const onProgress = options.onProgress ?? (() => {});
      files.push(await download({ hub, url: below(hub, path), file, folder, patience, onProgress }));
    }
  };
  await fetchAll(smallFiles(listing));
  const own = (await readModules(folder))?.transformer ?? '';
  await readConfig(join(folder, own));
  await fetchWeights(repository, listing, folder, own, fetchAll);
  await (await openCheckpoint(folder)).close();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { repository, revision, commit: listing.commit ?? null, folder, bytes, files };
}

async function fetchWeights(
  repository: string,
  listing: Listing,
  folder: string,
  own: string,
  fetchAll: (files: readonly RemoteFile[]) => Promise<void>,
): Promise<void> {
  const inOwn = (name: string) => (own === '' ? name : `${own}/${name}`);
  const whole = listing.files.get(inOwn(weightsFile));
  if (whole !== undefined) return await fetchAll([whole]);
  const index = listing.files.get(inOwn(weightsIndex));
  if (index === undefined) throw noSafetensors(repository, listing);
  await fetchAll([index]);
  const raw = await readJsonObject(join(folder, index.path));
  const shards = raw === undefined ? [] : [...new Set(weightMap(raw).values())].map(inOwn);
  await fetchAll(
    shards.map((path) => {
      const shard = listing.files.get(path);
      if (shard !== undefined) return shard;
      throw new SnugError(
        'HUB_NOT_FOUND',
        `${repository}: ${index.path} names ${path}, which is not in the repository`,
      );
    }),
  );
}

async function list(hub: Hub, repository: string, revision: string, patience: Patience): Promise<Listing> {
  const url = below(hub, `api/models/${repository}/revision/${encodeURIComponent(revision)}`);
  url.searchParams.set('blobs', 'true');
  const name = revision === 'main' ? repository : `${repository} at ${revision}`;
  const text = await persist(patience, async () => await (await get(hub, url, name)).text(listingBytes));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SnugError('HUB_LISTING', `${repository}: ${hub.endpoint.host} did not answer with JSON`, { cause });
  }
  return parseListing(value, repository);
}

function noSafetensors(repository: string, listing: Listing): SnugError {
  const others = [...listing.files.keys()].filter((path) => /\.(bin|h5|msgpack|onnx|gguf|pt|ckpt)$/.test(path));
  const instead = others.length > 0 ? `, only ${others.slice(0, 3).join(', ')}` : '';
  return new SnugError('CHECKPOINT_WEIGHTS_FORMAT', `${repository}: has no ${weightsFile}${instead}`);
}

function checkNames(repository: string, revision: string): void {
  const part = '(?!\\.{1,2}(?:/|$))[\\w.-]+';
  if (!new RegExp(`^${part}/${part}$`).test(repository)) {
    throw new SnugError('USAGE', `${JSON.stringify(repository)} is no repository; write OWNER/NAME`);
  }
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(revision) || revision.includes('..')) {
    throw new SnugError('USAGE', `${JSON.stringify(revision)} is no branch, tag or commit`);
  }
}

function endpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new SnugError('USAGE', `HF_ENDPOINT ${JSON.stringify(text)} is no http or https URL`);
}

/** A URL below the endpoint, which may have a path of its own. */
function below(hub: Hub, path: string): URL {
  return new URL(path, `${hub.endpoint.origin}${hub.endpoint.pathname.replace(/\/*$/, '/')}`);
}

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
