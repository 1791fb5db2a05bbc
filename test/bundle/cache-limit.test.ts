/** The cache of profiles stays within its limit. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { boundCache, cacheLimitBytes, noteUse } from '../../src/bundle/cache-limit.js';
import { temporaryFolder } from '../checkpoint/support.js';

/** A sealed profile of a size, last used at a time. */
async function profile(cache: string, name: string, bytes: number, usedMs: number): Promise<string> {
  const folder = join(cache, name);
  await mkdir(folder);
  await writeFile(join(folder, 'weights.bin'), Buffer.alloc(bytes));
  await writeFile(join(folder, 'seal.json'), '{}');
  await utimes(join(folder, 'seal.json'), new Date(usedMs), new Date(usedMs));
  return folder;
}

test('what was not used for longest goes, until the rest fits', async (t) => {
  const cache = await temporaryFolder(t);
  await profile(cache, 'old', 400, 1000);
  const middle = await profile(cache, 'middle', 400, 2000);
  const newest = await profile(cache, 'newest', 400, 3000);
  await boundCache(cache, newest, 1000);
  t.deepEqual(readdirSync(cache).sort(), ['middle', 'newest']);
  await noteUse(middle, new Date(9000));
  await profile(cache, 'more', 400, 5000);
  await boundCache(cache, middle, 1000);
  t.deepEqual(readdirSync(cache).sort(), ['middle', 'more']);
});

test('the profile that was just made stays, however large it is', async (t) => {
  const cache = await temporaryFolder(t);
  const large = await profile(cache, 'large', 4000, 1000);
  await profile(cache, 'small', 10, 2000);
  await boundCache(cache, large, 100);
  t.true(existsSync(large));
});

test('what others are still writing is left alone', async (t) => {
  const cache = await temporaryFolder(t);
  const made = await profile(cache, 'made', 10, 1000);
  await mkdir(join(cache, 'unfinished.123-abcdef12'));
  await boundCache(cache, made, 0);
  t.deepEqual(readdirSync(cache).sort(), ['made', 'unfinished.123-abcdef12']);
});

test.serial('the limit is a number of megabytes in the environment, or a default', (t) => {
  t.teardown(() => {
    delete process.env.SNUG_CACHE_MB;
  });
  const usual = cacheLimitBytes();
  t.true(usual >= 100e6);
  process.env.SNUG_CACHE_MB = '64';
  t.is(cacheLimitBytes(), 64e6);
  for (const nonsense of ['lots', '-1']) {
    process.env.SNUG_CACHE_MB = nonsense;
    t.is(cacheLimitBytes(), usual);
  }
});
