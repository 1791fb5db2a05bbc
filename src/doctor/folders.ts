/** Whether a folder that Snug keeps things in can be written, and how much room there is. Nothing is left in it. */
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, systemCodeOf } from '../errors/index.js';
import { bad, type Check, good } from './check.js';

/** Cutting a profile writes its weights twice before one copy is removed. */
const LEAST_FREE_BYTES = 100e6;

/** `elsewhere` begins the remedy: how another folder is chosen. */
export async function folderCheck(name: string, folder: string, elsewhere: string): Promise<Check> {
  const remedy = `${elsewhere} a folder with free space that this user may write.`;
  const nearest = await nearestThatIsThere(resolve(folder));
  const what = nearest === resolve(folder) ? folder : `${folder} (not there yet; would be made in ${nearest})`;
  try {
    const probe = await mkdtemp(join(nearest, '.snug-doctor-'));
    try {
      await writeFile(join(probe, 'probe'), 'probe', { flush: true });
    } finally {
      await rm(probe, { recursive: true, force: true });
    }
  } catch (error) {
    return bad(name, `${what}: ${messageOf(error)}`, remedy);
  }
  const { bavail, bsize } = await statfs(nearest);
  const freeBytes = bavail * bsize;
  const detail = `${what}, ${(freeBytes / 1e6).toFixed(0)} MB free`;
  return freeBytes >= LEAST_FREE_BYTES ? good(name, detail) : bad(name, detail, remedy);
}

async function nearestThatIsThere(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      await stat(at);
      return at;
    } catch (error) {
      const code = systemCodeOf(error);
      if ((code !== 'ENOENT' && code !== 'EACCES') || at === dirname(at)) return at;
    }
  }
}
