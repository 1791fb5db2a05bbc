/** Profiles cut and measured in processes of their own, on a small real bundle. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BundleProfiles } from '../../../agent/profiles/index.js';
import { bundleOf, flipBit, rewriteManifest, useOwnCache } from '../../bundle/support.js';

useOwnCache(test);

const EIGHT = 'w1.00-p0.00-q8';

/** A bundle of which the cache has nothing yet. */
async function ownBundle(t: ExecutionContext): Promise<string> {
  const folder = await bundleOf(t);
  await rewriteManifest(folder, (manifest) => {
    manifest.command = `snug build, for: ${t.title}`;
  });
  return folder;
}

test('a profile is cut beside the agent, then loaded and measured', async (t) => {
  const profiles = await BundleProfiles.open({ bundle: await ownBundle(t), threads: 1 });
  t.true(profiles.ladder.some(({ profile }) => profile === EIGHT));
  t.false(await profiles.isReady(EIGHT));
  await profiles.prepare(EIGHT);
  t.true(await profiles.isReady(EIGHT));
  const model = await profiles.load(EIGHT);
  t.is((await model.predict(['what is my balance'])).length, 1);
  await model.close();
  const measured = await profiles.measure(EIGHT, 20, 60_000);
  t.is(measured.texts, 20);
  t.true(measured.p50Ms > 0 && measured.p95Ms >= measured.p50Ms);
  t.true((measured.rssBytes ?? 0) > (measured.rssAnonBytes ?? 0));
});

test('two profiles share one tokenizer', async (t) => {
  const profiles = await BundleProfiles.open({ bundle: await ownBundle(t), threads: 1 });
  const [one, other] = await Promise.all([profiles.load(EIGHT), profiles.load('w1.00-p0.00-q32')]);
  t.deepEqual((await one.predict(['hello'])).map(({ label }) => label).length, (await other.predict(['hello'])).length);
  await Promise.all([one.close(), other.close()]);
});

test('what goes wrong in the process beside is told as if it had gone wrong here', async (t) => {
  const bundle = await ownBundle(t);
  const profiles = await BundleProfiles.open({ bundle, threads: 1 });
  await flipBit(join(bundle, 'master.safetensors'));
  const error = await t.throwsAsync(profiles.prepare(EIGHT), {
    code: 'BUNDLE_DAMAGED',
    message: /master\.safetensors/,
  });
  t.true(error !== undefined && 'remedy' in error && String(error.remedy).length > 0);
  t.false(await profiles.isReady(EIGHT));
});

test('a process beside that is ended is said, and leaves nothing that looks ready', async (t) => {
  const profiles = await BundleProfiles.open({ bundle: await ownBundle(t), threads: 1 });
  const ending = new AbortController();
  const cut = profiles.prepare(EIGHT, { signal: ending.signal });
  setTimeout(() => ending.abort(), 5);
  await t.throwsAsync(cut, { code: 'CHILD_ENDED', message: /was ended/ });
  t.false(await profiles.isReady(EIGHT));
  await t.throwsAsync(profiles.prepare(EIGHT, { signal: AbortSignal.abort() }));
});

test('without go-ahead nothing is measured, and it ends in time', async (t) => {
  const profiles = await BundleProfiles.open({ bundle: await ownBundle(t), threads: 1 });
  await profiles.prepare(EIGHT);
  let asked = 0;
  const goAhead = () => {
    asked++;
    return false;
  };
  const { texts } = await profiles.measure(EIGHT, 5000, 1000, { goAhead });
  t.true(texts < 5000);
  t.true(asked > 0);
});
