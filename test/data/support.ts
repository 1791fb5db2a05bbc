import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A file with this content in a folder of its own, gone after the test. */
export async function fileWith(t: ExecutionContext, content: string | Uint8Array, name = 'rows.data'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-data-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}
