/** A hub, a folder to fetch into and what the tests ask of both. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type FetchOptions, fetchCheckpoint } from '../../../src/checkpoint/hub/index.js';
import { SnugError } from '../../../src/errors/index.js';
import { temporaryFolder } from '../support.js';
import { filesOf, type HubSettings, startHub } from './server.js';

export const weights = 'model.safetensors';

/** A hub with the files of a fixture, a folder to fetch into, and a function that does so without real waiting. */
export async function scene(t: ExecutionContext, settings: Partial<HubSettings> = {}) {
  const files = settings.files ?? (await filesOf('bert-mean'));
  const hub = await startHub(t, { ...settings, files });
  const folder = join(await temporaryFolder(t), 'tiny');
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  const fetch = (more: Partial<FetchOptions> = {}) =>
    fetchCheckpoint({
      repository: 'owner/tiny',
      folder,
      endpoint: hub.endpoint,
      patience: { wait, random: () => 0.5 },
      ...more,
    });
  return { hub, files, folder, waits, fetch };
}

export async function present(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

export const parts = async (folder: string) => (await present(folder)).filter((path) => path.endsWith('.part'));

export async function refused(t: ExecutionContext, fetching: Promise<unknown>, code: string): Promise<SnugError> {
  return await t.throwsAsync(fetching, { instanceOf: SnugError, code });
}
