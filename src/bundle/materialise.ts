/**
 * Makes a profile ready to run: cuts it out of the master, quantises it, and writes `model.onnx` with one file of weights
 * that onnxruntime maps. Kept in a cache under a name made of all that the result depends on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TensorSource } from '../checkpoint/index.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import type { PlannedGraph } from '../model/index.js';
import { instructionSet } from '../profile/processor.js';
import { sha256OfFile } from './hash.js';
import { prepack, runtimeVersion } from './prepack.js';

/** Raised whenever the same master gives another graph or other weights: profiles cached before are made anew. */
const MATERIALISER = 1;
const MODEL = 'model.onnx';
const WEIGHTS = 'weights.bin';
const SEAL = 'seal.json';

/** Weights and the graph over them, open until closed. */
export interface OpenProfile {
  readonly source: TensorSource;
  readonly plan: PlannedGraph;
  close(): Promise<void>;
}

/** A profile on disk, checked. */
export interface Materialised {
  readonly folder: string;
  readonly modelPath: string;
  /** Bytes of all weights, without what the files add for alignment and prepacking. */
  readonly weightBytes: number;
}

/** `SNUG_CACHE`, else the XDG cache folder. */
export function cacheFolder(): string {
  return process.env.SNUG_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'snug');
}

/**
 * Returns the cached profile, or makes it. Safe when several processes do it at once and when one is killed at any point: a
 * profile is written under a name of its own, sealed with its hashes, synced and renamed into place.
 * @param identity hash of all that the weights depend on
 * @param openProfile called only where the cache has none
 * @throws CACHE_WRITE, DISK_FULL, and what opening throws
 */
export async function materialise(
  identity: string,
  profile: string,
  openProfile: () => Promise<OpenProfile>,
): Promise<Materialised> {
  const parts = [MATERIALISER, identity, profile, runtimeVersion(), instructionSet()];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
  const folder = join(cacheFolder(), 'profiles', `${profile}-${key}`);
  const cached = await readSealed(folder);
  if (cached) return cached;
  const { source, plan, close } = await openProfile();
  const working = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeProfile(plan, source, working);
    await rm(folder, { recursive: true, force: true }); // a damaged one, or nothing
    // Where another process was quicker, the rename fails and its result is as good.
    await rename(working, folder).catch(() => {});
  } finally {
    await close();
    await rm(working, { recursive: true, force: true }).catch(() => {});
  }
  const made = await readSealed(folder);
  if (!made) throw new SnugError('CACHE_WRITE', `${folder}: what was just written there can't be read back`);
  return made;
}

/** Writes `model.onnx`, its weights and a seal into a new folder. @throws CACHE_WRITE, DISK_FULL */
export async function writeProfile(plan: PlannedGraph, source: TensorSource, folder: string): Promise<Materialised> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write(plan, source, folder);
    return { folder, modelPath: join(folder, MODEL), weightBytes: plan.weightBytes };
  } catch (error) {
    if (error instanceof SnugError) throw error;
    const full = systemCodeOf(error) === 'ENOSPC' || /no space left/i.test(messageOf(error));
    throw new SnugError(full ? 'DISK_FULL' : 'CACHE_WRITE', `${folder}: ${messageOf(error)}`, { cause: error });
  }
}

interface Seal {
  readonly weightBytes: number;
  readonly files: Readonly<Record<string, string>>;
}

/** The profile in a folder if it is whole; every byte is hashed. */
async function readSealed(folder: string): Promise<Materialised | undefined> {
  try {
    const seal: Seal = JSON.parse(await readFile(join(folder, SEAL), 'utf8'));
    for (const [name, sha256] of Object.entries(seal.files))
      if ((await sha256OfFile(join(folder, name))) !== sha256) return undefined;
    return { folder, modelPath: join(folder, MODEL), weightBytes: seal.weightBytes };
  } catch {
    return undefined; // missing, or cut short by a power loss: made anew
  }
}

async function write(plan: PlannedGraph, source: TensorSource, folder: string): Promise<void> {
  const raw = join(folder, 'raw');
  await mkdir(raw, { mode: 0o700 });
  const handle = await open(join(raw, WEIGHTS), 'w', 0o600);
  try {
    await handle.truncate(plan.externalBytes);
    for (const weight of plan.external) await fill(handle, weight.offset, weight.fill(source));
  } finally {
    await handle.close();
  }
  await writeFile(join(raw, MODEL), await plan.encode(source, WEIGHTS, ''), { mode: 0o600 });
  await prepack(join(raw, MODEL), join(folder, MODEL), WEIGHTS);
  await rm(raw, { recursive: true });
  const files: Record<string, string> = {};
  for (const name of [MODEL, WEIGHTS]) {
    const path = join(folder, name);
    await sync(path);
    files[name] = await sha256OfFile(path);
  }
  const seal: Seal = { weightBytes: plan.weightBytes, files };
  await writeFile(join(folder, SEAL), JSON.stringify(seal), { mode: 0o600, flush: true });
}

async function fill(handle: FileHandle, offset: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let at = offset;
  for await (const piece of pieces) {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await handle.write(piece, done, piece.length - done, at + done);
      done += bytesWritten;
    }
    at += piece.length;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
