import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { removeLeftovers } from '../../src/bundle/leftovers.js';

test('an old folder of a process that is gone is removed; finished profiles, young folders and living processes are left', async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'snug-leftovers-'));
  t.teardown(() => rm(cache, { recursive: true, force: true }));
  const gone = 2 ** 22 + 1; // above the highest process number that Linux gives
  const names = {
    old: `w1.00-p0.00-q8-abc.${gone}-0123abcd`,
    damaged: `w1.00-p0.00-q8-abc.${gone}-0123abcd.damaged`,
    young: `w1.00-p0.00-q8-abc.${gone}-4567abcd`,
    living: `w1.00-p0.00-q8-abc.${process.pid}-0123abcd`,
    finished: 'w1.00-p0.00-q8-abc',
  };
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const [kind, name] of Object.entries(names)) {
    await mkdir(join(cache, name));
    if (kind !== 'young') await utimes(join(cache, name), hourAgo, hourAgo);
  }
  await removeLeftovers(cache);
  const left = Object.keys(names).filter((kind) => existsSync(join(cache, names[kind as keyof typeof names])));
  t.deepEqual(left, ['young', 'living', 'finished']);
  await t.notThrowsAsync(removeLeftovers(join(cache, 'nowhere')));
});

test('a build clears what killed builds of the same bundle left beside it, and nothing of others', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-leftovers-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const gone = 2 ** 22 + 1;
  const names = [`.bundle.work.${gone}-Ab3_x9`, `.other.work.${gone}-Ab3_x9`, 'bundle'];
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of names) {
    await mkdir(join(folder, name));
    await utimes(join(folder, name), hourAgo, hourAgo);
  }
  await removeLeftovers(folder, '.bundle.work.');
  t.deepEqual(
    names.filter((name) => existsSync(join(folder, name))),
    names.slice(1),
  );
});
