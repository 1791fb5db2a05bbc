import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeFolder, makePrivateFolder } from '../../src/files/index.js';

test('a folder with those above it, for this user alone where that is asked for; one that is there stays', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'snug-folder-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, 'a', 'b');
  await makePrivateFolder(path);
  t.is((await stat(path)).mode & 0o777, 0o700);
  await mkdir(join(path, 'kept'));
  await makePrivateFolder(path);
  t.true((await stat(join(path, 'kept'))).isDirectory());
});

test('a file in the place, or in that of a folder above, is named and left there', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'snug-folder-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const file = join(dir, 'state');
  await writeFile(file, 'precious');
  const message = `${file} is a file, not a folder`;
  await t.throwsAsync(makeFolder(file), { code: 'EEXIST', message });
  await t.throwsAsync(makeFolder(join(file, 'below', 'it')), { code: 'ENOTDIR', message });
  t.is(await readFile(file, 'utf8'), 'precious');
});
