/** The seal of a materialised profile: hashes of its files, so that a cached one is used only if every byte is as it was written. */
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from './hash.js';

export const MODEL_FILE = 'model.onnx';
export const WEIGHTS_FILE = 'weights.bin';
const SEAL_FILE = 'seal.json';

/** A profile on disk, checked. */
export interface Materialised {
  readonly folder: string;
  readonly modelPath: string;
  /** Bytes of all weights, without what the files add for alignment and prepacking. */
  readonly weightBytes: number;
}

interface Seal {
  readonly weightBytes: number;
  readonly files: Readonly<Record<string, string>>;
}

/** Syncs a profile's files and writes the seal, last. A tiny network has no file of weights. */
export async function seal(folder: string, weightBytes: number): Promise<Materialised> {
  const files: Record<string, string> = {};
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    await sync(path);
    files[name] = await sha256OfFile(path);
  }
  const sealed: Seal = { weightBytes, files };
  await writeFile(join(folder, SEAL_FILE), JSON.stringify(sealed), { mode: 0o600, flush: true });
  return { folder, modelPath: join(folder, MODEL_FILE), weightBytes };
}

/** The profile in a folder, if it is whole. */
export async function readSealed(folder: string): Promise<Materialised | undefined> {
  try {
    const sealed: Seal = JSON.parse(await readFile(join(folder, SEAL_FILE), 'utf8'));
    for (const [name, sha256] of Object.entries(sealed.files))
      if ((await sha256OfFile(join(folder, name))) !== sha256) return undefined;
    return { folder, modelPath: join(folder, MODEL_FILE), weightBytes: sealed.weightBytes };
  } catch {
    return undefined; // missing, or cut short by a power loss: made anew
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
