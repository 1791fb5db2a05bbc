/** Keeps the cache of profiles from filling a small disk: what was not used for longest goes first. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { SEAL_FILE } from './seal.js';

/** All profiles of a MiniLM together take about 1.5 GB; a board needs the few that its governor moves between. */
const DEFAULT_LIMIT_MB = 512;

/** `SNUG_CACHE_MB`, in 10^6 bytes; what is no number counts as not set. */
export function cacheLimitBytes(): number {
  const megabytes = Number(process.env.SNUG_CACHE_MB ?? Number.NaN);
  return (megabytes >= 0 ? megabytes : DEFAULT_LIMIT_MB) * 1e6;
}

/** Notes that a profile is used now. A cache that can't be written is not worth a word here. */
export async function noteUse(folder: string, now = new Date()): Promise<void> {
  await utimes(join(folder, SEAL_FILE), now, now).catch(() => {});
}

/**
 * Removes profiles below `profiles` until the rest takes no more than `limitBytes`; `kept` stays whatever it takes. A process that
 * has mapped a removed profile goes on with it.
 */
export async function boundCache(profiles: string, kept: string, limitBytes: number): Promise<void> {
  const found = [];
  for (const name of await readdir(profiles).catch(() => [])) {
    const folder = join(profiles, name);
    const seal = await stat(join(folder, SEAL_FILE)).catch(() => undefined);
    if (seal) found.push({ folder, usedMs: seal.mtimeMs, bytes: await sizeOf(folder) });
  }
  let total = 0;
  for (const { folder, bytes } of found.sort((a, b) => b.usedMs - a.usedMs)) {
    total += bytes;
    if (total > limitBytes && folder !== kept) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => []))
    bytes += (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size;
  return bytes;
}
