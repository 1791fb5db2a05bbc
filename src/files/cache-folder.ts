import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where materialised profiles are kept: `SNUG_CACHE`, else the XDG cache folder. */
export function cacheFolder(): string {
  return process.env.SNUG_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'snug');
}
