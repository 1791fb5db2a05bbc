/** Writing bundles: the old one survives whatever happens to the new one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build } from '../../src/build/index.js';
import { openBundle } from '../../src/bundle/index.js';
import { writeBundle } from '../../src/bundle/making.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { buildOptions, bundleOf } from './support.js';

/** What a build hands over, made of a bundle that exists; the master is a copy that may be moved. */
async function contentOf(t: ExecutionContext, bundle: string, near: string) {
  const { manifest } = await openBundle(bundle);
  const masterPath = join(near, `finished-${Math.random().toString(36).slice(2)}`);
  await writeFile(masterPath, await readFile(join(bundle, 'master.safetensors')));
  t.teardown(() => rm(masterPath, { force: true }));
  const golden = await readFile(join(bundle, 'golden.jsonl'), 'utf8');
  return { manifest, masterPath, tokenizer: await readFile(join(bundle, 'tokenizer.json')), golden };
}

test('a bundle is written whole, its master moved, nothing left beside it', async (t) => {
  const folder = await temporaryFolder(t);
  const content = await contentOf(t, await bundleOf(t), folder);
  const target = join(folder, 'bundle');
  const manifest = await writeBundle(target, content);
  t.deepEqual((await openBundle(target)).manifest, manifest);
  t.deepEqual(readdirSync(folder), ['bundle']);
});

test('a bundle that is there is replaced, its reports too', async (t) => {
  const target = await bundleOf(t);
  const content = await contentOf(t, await bundleOf(t, 'distilbert-multi-label'), dirname(target));
  await writeFile(join(target, 'report.html'), '<html>');
  await writeBundle(target, content);
  t.deepEqual((await openBundle(target)).manifest.labels, content.manifest.labels);
  t.false(existsSync(join(target, 'report.html')));
  t.deepEqual(readdirSync(dirname(target)), ['bundle']);
});

for (const [what, name] of [
  ['a folder with other files', 'notes.txt'],
  ['a project with a manifest.json of its own', 'index.html'],
])
  test(`${what} is left alone`, async (t) => {
    const content = await contentOf(t, await bundleOf(t), await temporaryFolder(t));
    const target = await temporaryFolder(t);
    await writeFile(join(target, name), 'mine');
    if (name === 'index.html') await writeFile(join(target, 'manifest.json'), '{}');
    const error = await t.throwsAsync(writeBundle(target, content), { code: 'BUNDLE_WRITE' });
    t.regex(error?.message ?? '', new RegExp(name));
    t.is(await readFile(join(target, name), 'utf8'), 'mine');
    t.true(existsSync(content.masterPath));
  });

test('a file where the folder should be', async (t) => {
  const folder = await temporaryFolder(t);
  const target = join(folder, 'bundle');
  await writeFile(target, 'mine');
  await t.throwsAsync(build(buildOptions('bert-single-label', target)), { code: 'BUNDLE_WRITE' });
  t.is(await readFile(target, 'utf8'), 'mine');
  t.deepEqual(readdirSync(folder), ['bundle']);
});

test('a finished master that has gone: the old bundle is as it was', async (t) => {
  const target = await bundleOf(t);
  const before = await openBundle(target);
  const content = await contentOf(t, target, dirname(target));
  await rm(content.masterPath);
  await t.throwsAsync(writeBundle(target, content), { code: 'BUNDLE_WRITE' });
  t.is((await openBundle(target)).identity, before.identity);
  t.deepEqual(readdirSync(dirname(target)), ['bundle']);
});

test('a folder that may not be written to', async (t) => {
  if (process.getuid?.() === 0) {
    t.log('root may write everywhere: not tested here');
    return t.pass();
  }
  const folder = await temporaryFolder(t);
  const locked = join(folder, 'locked');
  await mkdir(locked);
  await chmod(locked, 0o500);
  await t.throwsAsync(build(buildOptions('bert-single-label', join(locked, 'bundle'))), { code: 'BUNDLE_WRITE' });
});

/** A file system of so many kilobytes; undefined, and said, where none can be mounted. */
async function smallDisk(t: ExecutionContext, kilobytes: number): Promise<string | undefined> {
  const folder = await temporaryFolder(t);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'snug-test', folder]);
  if (status !== 0) {
    t.log('no tmpfs can be mounted here (that needs root): a full disk is not tested');
    t.pass();
    return undefined;
  }
  t.teardown(() => {
    spawnSync('umount', ['--lazy', folder]);
  });
  return folder;
}

test('a disk that is full at any point: the old bundle survives, the error says so, nothing is left', async (t) => {
  const disk = await smallDisk(t, 1024);
  if (!disk) return;
  const target = join(disk, 'bundle');
  await build(buildOptions('bert-single-label', target));
  const { identity } = await openBundle(target);
  const used = Number(spawnSync('df', ['--output=used', '-k', disk], { encoding: 'utf8' }).stdout.split('\n')[1]);
  let failures = 0;
  for (const free of [4, 40, 70, 100, 130, 160, 200, 308]) {
    await writeFile(join(disk, 'ballast'), Buffer.alloc((1024 - used - free) * 1024));
    const error = await build(buildOptions('bert-single-label', target, { seed: 2 })).then(
      () => undefined,
      (thrown: { code?: string; message?: string }) => thrown,
    );
    t.deepEqual(readdirSync(disk).sort(), ['ballast', 'bundle'], `${free} kB were free`);
    if (error === undefined) continue;
    t.is(error.code, 'DISK_FULL', `${free} kB were free: ${error.message}`);
    t.is((await openBundle(target)).identity, identity);
    failures++;
  }
  t.true(failures >= 5, `only ${failures} builds met a full disk`);
});
