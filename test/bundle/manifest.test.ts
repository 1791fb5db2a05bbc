/** The manifest's schema. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { build } from '../../src/build/index.js';
import { FORMAT, parseManifest } from '../../src/bundle/manifest.js';
import { buildOptions } from './support.js';

type Json = Record<string, unknown>;

let text = '{}';
test.before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-manifest-'));
  await build(buildOptions('bert-single-label', join(folder, 'bundle')));
  text = await readFile(join(folder, 'bundle', 'manifest.json'), 'utf8');
  await rm(folder, { recursive: true });
});

const changed = (change: (manifest: Json) => void) => {
  const manifest: Json = JSON.parse(text);
  change(manifest);
  return JSON.stringify(manifest);
};

test('what a build writes is read back', (t) => {
  const manifest = parseManifest('manifest.json', text);
  t.deepEqual(JSON.parse(JSON.stringify(manifest)), JSON.parse(text));
  t.is(manifest.format, FORMAT);
});

test('a newer format is told as such, whatever else it changed', (t) => {
  const error = t.throws(() => parseManifest('m.json', `{"format":${FORMAT + 1},"labels":7}`), {
    code: 'BUNDLE_NEWER',
  });
  t.regex(error.message, new RegExp(`m.json: format ${FORMAT + 1}`));
});

for (const key of ['format', 'tool', 'labels', 'head', 'files', 'ladder', 'calibrations', 'model'])
  test(`without '${key}' it is refused, and the key named`, (t) => {
    const error = t.throws(
      () =>
        parseManifest(
          'm.json',
          changed((manifest) => delete manifest[key]),
        ),
      {
        code: 'BUNDLE_MANIFEST',
      },
    );
    t.true(error.message.startsWith(`m.json: ${key}: `), error.message);
  });

const wrong: Record<string, (manifest: Json) => void> = {
  'model.hiddenSize': (manifest) => Object.assign(manifest.model as Json, { hiddenSize: -1 }),
  'model.activation': (manifest) => Object.assign(manifest.model as Json, { activation: 'swish' }),
  'tokenizer.maxTokens': (manifest) => Object.assign(manifest.tokenizer as Json, { maxTokens: '512' }),
  labels: (manifest) => Object.assign(manifest, { labels: ['only one'] }),
  'labels.1': (manifest) => Object.assign(manifest, { labels: ['a', 2] }),
  ladder: (manifest) => Object.assign(manifest, { ladder: [] }),
  'files.../secret': (manifest) =>
    Object.assign(manifest.files as Json, { '../secret': { bytes: 1, sha256: 'a'.repeat(64) } }),
  'files.golden.jsonl.sha256': (manifest) =>
    Object.assign((manifest.files as Record<string, Json>)['golden.jsonl'], { sha256: 'abc' }),
};
for (const [place, change] of Object.entries(wrong))
  test(`a wrong value is named by its place: ${place}`, (t) => {
    const error = t.throws(() => parseManifest('m.json', changed(change)), { code: 'BUNDLE_MANIFEST' });
    t.true(error.message.startsWith(`m.json: ${place}: `), error.message);
  });

test('what is no manifest at all', (t) => {
  for (const nothing of ['', 'not JSON', 'null', '[]', '7', '{"format":"1"}'])
    t.throws(() => parseManifest('m.json', nothing), { code: 'BUNDLE_MANIFEST' }, nothing);
});
