/**
 * Whether a large file has the bytes that it should have. Hashing it takes longer than all else at a start, so it is remembered, by what
 * the file system says of it: a file that was written, replaced or restored since is hashed again.
 */
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../files/cache-folder.js';
import { keepInCache } from '../files/index.js';
import { sha256OfFile, stateOf } from './hash.js';

interface Found {
  readonly sha256: string;
  readonly state: string;
}

/** Longer than any kernel's tick, and than what a FAT card rounds to. */
const TICK_MS = 2500;

/** @throws what reading the file throws */
export async function isWhole(path: string, sha256: string): Promise<boolean> {
  const note = await noteOf(path);
  const state = await stateOf(path);
  const known: Partial<Found> = await readFile(note, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  if (known.state === state && known.sha256 === sha256) return true;
  if ((await sha256OfFile(path)) !== sha256) return false;
  // What is written within the file system's tick of the last change would look the same.
  if (Date.now() - (await stat(path)).ctimeMs > TICK_MS)
    await keepInCache(note, JSON.stringify({ sha256, state } satisfies Found));
  return true;
}

async function noteOf(path: string): Promise<string> {
  const name = createHash('sha256')
    .update(await realpath(path))
    .digest('hex')
    .slice(0, 24);
  return join(cacheFolder(), 'whole', `${name}.json`);
}
