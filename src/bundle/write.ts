/** Writes a bundle beside its place and renames it there: the old one stays until the new one is whole. */
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { replaceFolder } from '../files/index.js';
import { files, isReport } from './bundle.js';
import { sha256OfBytes, sha256OfFile } from './hash.js';
import type { Manifest } from './manifest.js';

export interface BundleContent {
  /** The manifest without its table of files, which is made here. */
  readonly manifest: Omit<Manifest, 'files'>;
  /** Where the finished master lies, on the file system of the bundle; it is moved. */
  readonly masterPath: string;
  readonly tokenizer: Uint8Array;
  readonly golden: string;
}

/**
 * Writes a bundle. A bundle that was at `folder` is replaced in the last step, and is still there after a failure; anything
 * else there is left alone.
 * @throws BUNDLE_WRITE, DISK_FULL
 */
export async function writeBundle(folder: string, content: BundleContent): Promise<Manifest> {
  const target = resolve(folder);
  try {
    await refuseForeign(target);
    return await replaceFolder(target, (staging) => stage(staging, content));
  } catch (error) {
    if (error instanceof SnugError) throw error;
    const code = systemCodeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'BUNDLE_WRITE';
    throw new SnugError(code, `${target}: ${messageOf(error)}`, { cause: error });
  }
}

async function stage(staging: string, content: BundleContent): Promise<Manifest> {
  await rename(content.masterPath, join(staging, files.master));
  await writeFile(join(staging, files.tokenizer), content.tokenizer, { flush: true });
  await writeFile(join(staging, files.golden), content.golden, { flush: true });
  const manifest: Manifest = { ...content.manifest, files: {} };
  for (const name of [files.master, files.tokenizer, files.golden]) {
    const path = join(staging, name);
    manifest.files[name] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(staging, files.manifest), bytes, { flush: true });
  await writeFile(join(staging, files.manifestHash), `${sha256OfBytes(bytes)}\n`, { flush: true });
  return manifest;
}

/** Only an empty folder or a bundle may be replaced. @throws BUNDLE_WRITE */
export async function refuseForeign(target: string): Promise<void> {
  const names = await readdir(target).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw new SnugError('BUNDLE_WRITE', `${target}: ${messageOf(error)}`, { cause: error });
  });
  const own = new Set<string>(Object.values(files));
  const foreign = names.find((name) => !own.has(name) && !isReport(name));
  if (foreign === undefined) return;
  throw new SnugError('BUNDLE_WRITE', `${target}: ${foreign} is there, which is no part of a bundle`, {
    remedy: 'Choose a new folder, or one with a bundle that may be replaced.',
  });
}
