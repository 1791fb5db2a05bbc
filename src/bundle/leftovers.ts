/** What killed processes left behind: folders that were never finished. Their names end in the process's number. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../errors/index.js';

/** A process in another container looks dead from here, so its folder must be old as well. */
const OLD_MS = 10 * 60 * 1000;
/** `NAME.PID-RANDOM`, as the cache and the build name what they work on. */
const unfinished = /\.(\d+)-\w{6,8}(?:\.damaged)?$/;

/**
 * Removes unfinished folders below `folder` whose names begin with `prefix` and whose process is gone. What can't be looked at or
 * removed is left alone.
 */
export async function removeLeftovers(folder: string, prefix = '', nowMs = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = name.startsWith(prefix) ? Number(unfinished.exec(name)?.[1]) : 0;
    if (!pid || isAlive(pid)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && nowMs - found.mtimeMs > OLD_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether a process is there, as far as this one can see. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) !== 'ESRCH';
  }
}
