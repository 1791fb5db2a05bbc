import { createHash } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openBundle } from '../../src/bundle/index.js';
import { isWhole } from '../../src/bundle/whole.js';
import { load } from '../../src/infer/index.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { bundleOf, useOwnCache } from './support.js';

useOwnCache(test);

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a file with its bytes is whole, one with others is not, however often it is asked', async (t) => {
  const path = join(await temporaryFolder(t), 'master');
  await writeFile(path, 'as it was built');
  const right = sha256(await readFile(path));
  t.true(await isWhole(path, right));
  t.true(await isWhole(path, right));
  await writeFile(path, 'as it was bui1t');
  t.false(await isWhole(path, right));
  t.false(await isWhole(path, right));
  t.true(await isWhole(path, sha256(await readFile(path))));
});

test('a time that was set back hides no change', async (t) => {
  const path = join(await temporaryFolder(t), 'master');
  await writeFile(path, 'as it was built');
  const long = new Date(Date.now() - 3_600_000);
  await utimes(path, long, long);
  const right = sha256(await readFile(path));
  t.true(await isWhole(path, right));
  await writeFile(path, 'as it was bui1t');
  await utimes(path, long, long);
  t.false(await isWhole(path, right));
});

test('a master that is damaged is refused though its profile is in the cache', async (t) => {
  const folder = await bundleOf(t);
  await (await load(folder)).close();
  const path = join(folder, 'master.safetensors');
  const bytes = await readFile(path);
  bytes[bytes.length - 3] ^= 4;
  await writeFile(path, bytes);
  await t.throwsAsync(openBundle(folder), { code: 'BUNDLE_DAMAGED', message: /master/ });
  await t.throwsAsync(load(folder), { code: 'BUNDLE_DAMAGED' });
  t.true((await readdir(folder)).includes('master.safetensors'));
});
