/** What the tests of this room and of those above it share: small real bundles. */
import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, TestFn } from 'ava';
import { type BuildOptions, build } from '../../src/build/index.js';
import { sha256OfBytes } from '../../src/bundle/index.js';
import { type FixtureName, fixtures, temporaryFolder } from '../checkpoint/support.js';

/** A cache of profiles for the tests of one file. */
export function useOwnCache(test: TestFn): void {
  const folder = mkdtempSync(join(tmpdir(), 'snug-cache-'));
  process.env.SNUG_CACHE = folder;
  test.after.always(() => rm(folder, { recursive: true, force: true }));
}

/** Options of a build of a fixture with the head that it has. */
export function buildOptions(checkpoint: FixtureName, output: string, more: Partial<BuildOptions> = {}): BuildOptions {
  return {
    checkpoint: join(fixtures, checkpoint),
    output,
    refuse: 0.03,
    recipe: 'head',
    store: 'fp16',
    seed: 1,
    threads: 1,
    version: '0.0.0',
    command: 'snug build',
    onProgress: () => {},
    ...more,
  };
}

/** A bundle of a fixture, with the head that it has, in a folder of the test's own. */
export async function bundleOf(t: ExecutionContext, checkpoint: FixtureName = 'bert-single-label'): Promise<string> {
  const folder = join(await temporaryFolder(t), 'bundle');
  await build(buildOptions(checkpoint, folder));
  return folder;
}

/** Changes the manifest and writes its hash anew, as whoever wanted to deceive would. */
export async function rewriteManifest(
  folder: string,
  change: (manifest: Record<string, unknown>) => void,
): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  change(manifest);
  const bytes = Buffer.from(JSON.stringify(manifest));
  await writeFile(path, bytes);
  await writeFile(join(folder, 'manifest.sha256'), sha256OfBytes(bytes));
}

/** Flips one bit in the middle of a file. */
export async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path, bytes);
}
