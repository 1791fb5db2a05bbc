/** What is kept only so that it need not be found out again. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateFolder } from './make-folder.js';

/** Replaces a file as a whole, for this user alone. One that can't be written costs time at the next start, nothing else. */
export async function keepInCache(path: string, content: string | Uint8Array): Promise<void> {
  const working = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await makePrivateFolder(dirname(path));
    await writeFile(working, content, { mode: 0o600 });
    await rename(working, path);
  } catch {
    await rm(working, { force: true }).catch(() => undefined);
  }
}
