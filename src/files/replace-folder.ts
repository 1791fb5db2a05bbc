/** A folder written beside its place and renamed there. */
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCodeOf } from '../errors/index.js';
import { makeFolder } from './make-folder.js';

/**
 * Fills a new folder and puts it at `folder` in the last step: what was there before stays until the new one is whole, and is
 * still there after a failure. What `fill` gives is handed on. Throws the system's error, or what `fill` throws.
 */
export async function replaceFolder<Result>(
  folder: string,
  fill: (staging: string) => Promise<Result>,
): Promise<Result> {
  const target = resolve(folder);
  const beside = (ending: string) => join(dirname(target), `.${basename(target)}.${process.pid}.${ending}`);
  const staging = beside('new');
  try {
    await makeFolder(staging);
    const result = await fill(staging);
    await swap(target, staging, beside('old'));
    return result;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** A folder can't be renamed over a full one, so the old one steps aside for a moment. */
async function swap(target: string, staging: string, old: string): Promise<void> {
  await rename(target, old).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  });
  try {
    await rename(staging, target);
  } catch (error) {
    await rename(old, target).catch(() => {}); // where there was one
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
