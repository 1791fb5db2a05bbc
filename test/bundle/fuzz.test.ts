/** Bundles with random damage, and manifests that lie: refused by name, never a crash. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openBundle } from '../../src/bundle/index.js';
import { SnugError } from '../../src/errors/index.js';
import { load } from '../../src/infer/index.js';
import { seedsOf } from '../agent/support/seeds.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { bundleOf, rewriteManifest, useOwnCache } from './support.js';

useOwnCache(test);

const files = ['manifest.json', 'manifest.sha256', 'tokenizer.json', 'golden.jsonl', 'master.safetensors'];

/** Opens and loads it; a refusal that has a name is fine. */
async function refusedOrFine(folder: string): Promise<boolean> {
  try {
    await openBundle(folder);
    const model = await load(folder);
    await model.close();
    return true;
  } catch (error) {
    if (!(error instanceof SnugError)) throw error;
    return false;
  }
}

test('bytes flipped, cut off or put in anywhere', async (t) => {
  const whole = await bundleOf(t);
  const work = join(await temporaryFolder(t), 'bundle');
  const damage = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    how: fc.constantFrom('flip', 'cut', 'put'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
  });
  for (const seed of seedsOf('bundle: damage'))
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, at, how, bytes }) => {
        await cp(whole, work, { recursive: true, force: true });
        const path = join(work, file);
        const before = await readFile(path);
        const place = Math.floor(at * before.length);
        const after = Buffer.from(before);
        if (how === 'flip') after[place] ^= bytes[0] || 1;
        const parts = [before.subarray(0, place), ...(how === 'put' ? [bytes, before.subarray(place)] : [])];
        await writeFile(path, how === 'flip' ? after : Buffer.concat(parts));
        // Space at the end of the hash says nothing else.
        const fine = await refusedOrFine(work);
        if (fine && file !== 'manifest.sha256') throw new Error(`damage to ${file} was not noticed`);
      }),
      { numRuns: 30, ...seed },
    );
  t.pass();
});

test('a manifest that was changed by whoever can hash it', async (t) => {
  const whole = await bundleOf(t);
  const work = join(await temporaryFolder(t), 'bundle');
  const manifest = JSON.parse(await readFile(join(whole, 'manifest.json'), 'utf8')) as Record<string, unknown>;
  const change = fc.tuple(fc.constantFrom(...Object.keys(manifest)), fc.jsonValue());
  for (const seed of seedsOf('bundle: manifest'))
    await fc.assert(
      fc.asyncProperty(change, async ([key, value]) => {
        await cp(whole, work, { recursive: true, force: true });
        await rewriteManifest(work, (each) => {
          each[key] = value;
        });
        await refusedOrFine(work);
      }),
      { numRuns: 40, ...seed },
    );
  t.pass();
});
