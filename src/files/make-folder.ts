/** Folders made the way that ends everywhere. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../errors/index.js';

/**
 * Makes a folder with those above it. Not by mkdir's `recursive`, which in Node 20 never ends where the system says "no such
 * file" for a folder whose parent is there (/proc, /sys). Throws the system's error, in plain words where a file
 * stands in the place.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw Object.assign(new Error(`${await fileIn(path)} is a file, not a folder`, { cause: error }), { code });
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await mkdir(path, { mode }).catch((again: unknown) => {
      if (systemCodeOf(again) !== 'EEXIST') throw again; // somebody else was quicker
    });
  }
}

/** The file that stands at a path, or where a folder above it should be. */
async function fileIn(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  return there !== undefined || dirname(path) === path ? path : await fileIn(dirname(path));
}

/** The same for a folder that only this user may read. */
export function makePrivateFolder(path: string): Promise<void> {
  return makeFolder(path, 0o700);
}
