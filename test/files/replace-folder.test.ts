/** A folder is replaced whole or not at all. */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { replaceFolder } from '../../src/files/index.js';
import { temporaryFolder } from '../checkpoint/support.js';

test('a new folder, with those above it; what filling gives is handed on', async (t) => {
  const above = await temporaryFolder(t);
  const folder = join(above, 'one', 'two');
  t.is(await replaceFolder(folder, (staging) => writeFile(join(staging, 'a'), 'new').then(() => 7)), 7);
  t.is(await readFile(join(folder, 'a'), 'utf8'), 'new');
  t.deepEqual(readdirSync(join(above, 'one')), ['two']);
});

test('the old folder stays until the new one is whole, then it is gone with all that it held', async (t) => {
  const above = await temporaryFolder(t);
  const folder = join(above, 'folder');
  await mkdir(join(folder, 'old'), { recursive: true });
  await replaceFolder(folder, async (staging) => {
    t.deepEqual(readdirSync(folder), ['old']);
    await writeFile(join(staging, 'a'), 'new');
  });
  t.deepEqual(readdirSync(folder), ['a']);
  t.deepEqual(readdirSync(above), ['folder']);
});

test('a failure on the way leaves the old folder and nothing else', async (t) => {
  const above = await temporaryFolder(t);
  const folder = join(above, 'folder');
  await mkdir(join(folder, 'old'), { recursive: true });
  const failing = replaceFolder(folder, async (staging) => {
    await writeFile(join(staging, 'a'), 'half');
    throw new Error('no more');
  });
  await t.throwsAsync(failing, { message: 'no more' });
  t.deepEqual(readdirSync(folder), ['old']);
  t.deepEqual(readdirSync(above), ['folder']);
});
