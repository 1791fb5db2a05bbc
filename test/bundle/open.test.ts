/** Bundles with something wrong: each is refused before anything of it is used. */
import { copyFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openBundle } from '../../src/bundle/index.js';
import { SnugError } from '../../src/errors/index.js';
import { load } from '../../src/infer/index.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { bundleOf, flipBit, rewriteManifest, useOwnCache } from './support.js';

useOwnCache(test);

const parts = ['master.safetensors', 'tokenizer.json', 'golden.jsonl'];

async function refused(t: ExecutionContext, folder: string, code: string, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(openBundle(folder), { code });
  t.regex(error?.message ?? '', message);
}

test('a whole bundle opens; its identity is the hash of its manifest', async (t) => {
  const folder = await bundleOf(t);
  const { identity, manifest, tokenizerPath } = await openBundle(folder);
  t.regex(identity, /^[0-9a-f]{64}$/);
  t.deepEqual(Object.keys(manifest.files).sort(), [...parts].sort());
  t.is(tokenizerPath, join(folder, 'tokenizer.json'));
});

test('no folder, an empty folder, a file', async (t) => {
  const folder = await temporaryFolder(t);
  await refused(t, join(folder, 'nothing'), 'BUNDLE_NOT_FOUND', /nothing: no manifest.json/);
  await refused(t, folder, 'BUNDLE_NOT_FOUND', /no manifest.json/);
  await writeFile(join(folder, 'config.json'), '{}');
  const error = await t.throwsAsync<SnugError>(openBundle(folder), { code: 'BUNDLE_NOT_FOUND' });
  t.is(error?.remedy, 'This is a checkpoint: snug build makes a bundle of it.');
  await writeFile(join(folder, 'file'), 'text');
  await refused(t, join(folder, 'file'), 'BUNDLE_NOT_FOUND', /file: no manifest.json/);
});

for (const name of parts) {
  test(`${name} missing`, async (t) => {
    const folder = await bundleOf(t);
    await rm(join(folder, name));
    await refused(t, folder, 'BUNDLE_DAMAGED', new RegExp(`${name}: missing`));
  });

  test(`${name} cut short`, async (t) => {
    const folder = await bundleOf(t);
    await truncate(join(folder, name), 100);
    await refused(t, folder, 'BUNDLE_DAMAGED', new RegExp(`${name}: 100 bytes instead of \\d+`));
  });

  test(`${name} replaced by a folder`, async (t) => {
    const folder = await bundleOf(t);
    await rm(join(folder, name));
    await mkdir(join(folder, name));
    await refused(t, folder, 'BUNDLE_DAMAGED', new RegExp(name));
  });
}

for (const name of ['tokenizer.json', 'golden.jsonl', 'manifest.json', 'manifest.sha256'])
  test(`one bit flipped in ${name}`, async (t) => {
    const folder = await bundleOf(t);
    await flipBit(join(folder, name));
    await refused(t, folder, 'BUNDLE_DAMAGED', /its bytes are not those/);
  });

test('one bit flipped in the master is found when a profile is cut from it', async (t) => {
  const folder = await bundleOf(t);
  await flipBit(join(folder, 'master.safetensors'));
  const error = await t.throwsAsync(load(folder), { code: 'BUNDLE_DAMAGED' });
  t.regex(error?.message ?? '', /master.safetensors: its bytes/);
});

test('a file that the manifest does not list is refused; report.* is not', async (t) => {
  const folder = await bundleOf(t);
  await writeFile(join(folder, 'report.html'), '<html>');
  await t.notThrowsAsync(openBundle(folder));
  await copyFile(join(folder, 'golden.jsonl'), join(folder, 'golden.jsonl.bak'));
  await refused(t, folder, 'BUNDLE_DAMAGED', /golden.jsonl.bak: the manifest does not list it/);
});

test('a manifest without its hash, or with another one', async (t) => {
  const folder = await bundleOf(t);
  await rename(join(folder, 'manifest.sha256'), join(folder, 'report.sha256'));
  await refused(t, folder, 'BUNDLE_DAMAGED', /manifest.sha256: missing/);
  await writeFile(join(folder, 'manifest.sha256'), `${'0'.repeat(64)}\n`);
  await refused(t, folder, 'BUNDLE_DAMAGED', /its bytes are not those that manifest.sha256 names/);
});

test('a manifest that lists too little, or points outside', async (t) => {
  const folder = await bundleOf(t);
  await rewriteManifest(folder, (manifest) => {
    const { 'golden.jsonl': _, ...rest } = manifest.files as Record<string, unknown>;
    manifest.files = rest;
  });
  await refused(t, folder, 'BUNDLE_DAMAGED', /golden.jsonl is not listed/);
  const other = await bundleOf(t);
  await symlink('/etc/hostname', join(other, 'secret'));
  await rewriteManifest(other, (manifest) => {
    Object.assign(manifest.files as object, { '../secret': { bytes: 1, sha256: 'a'.repeat(64) } });
  });
  await refused(t, other, 'BUNDLE_MANIFEST', /files\.\.\.\/secret/);
});

test('a newer format is told before its files are looked at', async (t) => {
  const folder = await bundleOf(t);
  await rewriteManifest(folder, (manifest) => {
    manifest.format = 99;
  });
  await rm(join(folder, 'golden.jsonl'));
  await refused(t, folder, 'BUNDLE_NEWER', /format 99/);
});

test('a profile that the bundle does not hold is answered with the nearest', async (t) => {
  const folder = await bundleOf(t);
  const error = await t.throwsAsync(load(folder, { profile: 'w0.50-p0.00-q8' }), { code: 'PROFILE_UNKNOWN' });
  t.regex(error?.message ?? '', /nearest are w1\.00-p0\.00-q8, w1\.00-p0\.00-q4, w1\.00-p0\.00-q32/);
  await t.throwsAsync(load(folder, { profile: 'half' }), { code: 'PROFILE_NAME' });
});

test('a tokenizer with more pieces than the embedding table has rows', async (t) => {
  const folder = await bundleOf(t);
  await rewriteManifest(folder, (manifest) => Object.assign(manifest.model as object, { vocabSize: 20 }));
  const error = await t.throwsAsync(load(folder), { code: 'TOKENIZER_MISMATCH' });
  t.regex(error?.message ?? '', /tokenizer.json: the tokenizer has ids up to \d+, but the embedding table has 20 rows/);
});

test('a manifest that describes another network than the master holds', async (t) => {
  const lies: Record<string, number>[] = [{ hiddenSize: 64 }, { layers: 3 }, { heads: 2 }, { intermediateSize: 32 }];
  for (const lie of lies) {
    const folder = await bundleOf(t);
    await rewriteManifest(folder, (manifest) => Object.assign(manifest.model as object, lie));
    const error = await t.throwsAsync(load(folder), { instanceOf: SnugError }, JSON.stringify(lie));
    t.regex(
      error?.code ?? '',
      /^(TENSOR_(SHAPE|MISSING)|BUNDLE_MANIFEST)$/,
      `${JSON.stringify(lie)}: ${error?.message}`,
    );
  }
});
