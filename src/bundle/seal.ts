/**
 * The seal of a materialised profile: hashes of its files, and what the file system said of them when they were written. Files
 * that the file system says nobody touched are used at once and hashed a little later; all others are hashed first.
 */
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SnugError } from '../errors/index.js';
import { sha256OfFile, stateOf } from './hash.js';

export const MODEL_FILE = 'model.onnx';
export const WEIGHTS_FILE = 'weights.bin';
export const SEAL_FILE = 'seal.json';

/** A profile on disk, checked. */
export interface Materialised {
  readonly folder: string;
  readonly modelPath: string;
  /** Bytes of all weights, without what the files add for alignment and prepacking. */
  readonly weightBytes: number;
}

interface Seal {
  readonly weightBytes: number;
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly state: string }>>;
}

/** Syncs a profile's files and writes the seal, last. A tiny network has no file of weights. */
export async function seal(folder: string, weightBytes: number): Promise<Materialised> {
  const files: Record<string, { sha256: string; state: string }> = {};
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    await sync(path);
    files[name] = { sha256: await sha256OfFile(path), state: await stateOf(path) };
  }
  const sealed: Seal = { weightBytes, files };
  await writeFile(join(folder, SEAL_FILE), JSON.stringify(sealed), { mode: 0o600, flush: true });
  return { folder, modelPath: join(folder, MODEL_FILE), weightBytes };
}

/** The profile in a folder, if it is whole: untouched since it was sealed, or with the bytes it was sealed with. */
export async function readSealed(folder: string): Promise<Materialised | undefined> {
  try {
    const { weightBytes, files }: Seal = JSON.parse(await readFile(join(folder, SEAL_FILE), 'utf8'));
    for (const [name, { sha256, state }] of Object.entries(files)) {
      const path = join(folder, name);
      if ((await stateOf(path)) !== state && (await sha256OfFile(path)) !== sha256) return undefined;
    }
    return { folder, modelPath: join(folder, MODEL_FILE), weightBytes };
  } catch {
    return undefined; // missing, or cut short by a power loss: made anew
  }
}

/** Finds what the file system can't know: bytes that a medium lost by itself. */
export interface IntegrityCheck {
  /** Set once a damaged file was found. */
  readonly problem: SnugError | undefined;
  stop(): void;
}

/** Hashes a profile's files after a while, so that the check never delays the first answers. */
export function checkLater(folder: string, afterMs = 1000): IntegrityCheck {
  const abort = new AbortController();
  const check = { problem: undefined as SnugError | undefined, stop: () => abort.abort() };
  const run = async () => {
    await sleep(afterMs, undefined, { ref: false, signal: abort.signal });
    const { files }: Seal = JSON.parse(await readFile(join(folder, SEAL_FILE), 'utf8'));
    for (const [name, { sha256 }] of Object.entries(files)) {
      const path = join(folder, name);
      if ((await sha256OfFile(path, abort.signal)) === sha256) continue;
      check.problem = new SnugError('CACHE_DAMAGED', `${path}: its bytes are not those that were written`);
      await rm(join(folder, SEAL_FILE), { force: true });
    }
  };
  run().catch(() => {}); // stopped, or the cache was removed while the profile is mapped: nothing to say
  return check;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
