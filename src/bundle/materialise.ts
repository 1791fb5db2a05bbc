/**
 * Makes a profile ready to run: cuts it out of the master, quantises it, and writes `model.onnx` with one file of weights
 * that onnxruntime maps. Kept in a cache under a name made of all that the result depends on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TensorSource } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import { cacheFolder } from '../files/cache-folder.js';
import type { PlannedGraph } from '../model/index.js';
import { instructionSet } from '../profile/processor.js';
import { boundCache, cacheLimitBytes, noteUse } from './cache-limit.js';
import { removeLeftovers } from './leftovers.js';
import { runtimeVersion } from './runtime.js';
import { type Materialised, readSealed } from './seal.js';

/** Raised whenever the same master gives another graph or other weights: profiles cached before are made anew. */
const MATERIALISER = 6;

/** Weights and the graph over them, open until closed. */
export interface OpenProfile {
  readonly source: TensorSource;
  readonly plan: PlannedGraph;
  close(): Promise<void>;
}

function folderOf(identity: string, profile: string): string {
  const parts = [MATERIALISER, identity, profile, runtimeVersion(), instructionSet()];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
  return join(cacheFolder(), 'profiles', `${profile}-${key}`);
}

/** The profile as the cache has it, or undefined. */
export function readCached(identity: string, profile: string): Promise<Materialised | undefined> {
  return readSealed(folderOf(identity, profile));
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
  const folder = folderOf(identity, profile);
  const cached = await readSealed(folder);
  if (cached) {
    await noteUse(folder);
    return cached;
  }
  const { source, plan, close } = await openProfile();
  await removeLeftovers(dirname(folder));
  const working = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    // Loaded only where the cache has nothing: a warm start needs no encoder of graphs.
    const { writeProfile } = await import('./write-profile.js');
    await writeProfile(plan, source, working);
    const made = await publish(working, folder);
    await boundCache(dirname(folder), folder, cacheLimitBytes());
    return made;
  } finally {
    await close();
    await rm(working, { recursive: true, force: true }).catch(() => {});
  }
}

/** Renames a finished profile into place. Another process may have been quicker: its result is as good, and may be in use. */
async function publish(working: string, folder: string): Promise<Materialised> {
  for (let tries = 0; tries < 5; tries++) {
    const renamed = await rename(working, folder).then(
      () => true,
      () => false,
    );
    const found = await readSealed(folder);
    if (found) return found;
    // What is there is damaged. Moved away before it is removed, so that no one meets it half gone.
    const damaged = `${working}.damaged`;
    await rename(folder, damaged).catch(() => {});
    await rm(damaged, { recursive: true, force: true });
    if (renamed) break;
  }
  throw new SnugError('CACHE_WRITE', `${folder}: what was just written there can't be read back`);
}
