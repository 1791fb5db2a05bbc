/** The cache of materialised profiles: made once, found again, never half. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, watch } from 'node:fs';
import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { cacheFolder, materialise } from '../../src/bundle/index.js';
import { planEncoder } from '../../src/model/index.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { randomNetwork } from '../model/plain-network.js';
import { bundleOf, flipBit, useOwnCache } from './support.js';

useOwnCache(test);

const PROFILE = 'w1.00-p0.00-q8';

/** Large enough for a file of weights beside the graph. */
const shape = {
  vocabSize: 301,
  hiddenSize: 64,
  headSize: 16,
  maxTokens: 16,
  tokenTypes: true,
  activation: 'gelu' as const,
  layerNormEps: 1e-12,
  layers: [{ heads: 4, neurons: 301 }],
};

/** A profile, and how often it had to be made. */
function counted() {
  const counts = { made: 0 };
  const identity = randomUUID(); // tests want folders of their own
  const get = () =>
    materialise(identity, PROFILE, async () => {
      counts.made++;
      const plan = planEncoder(shape, { bits: 8, pooling: { mode: 'mean' } });
      return { plan, source: randomNetwork(shape, 1), close: async () => {} };
    });
  return { get, counts, identity };
}

test('a profile is made once, and named by all that it depends on', async (t) => {
  const { get, counts } = counted();
  const first = await get();
  t.true(first.folder.startsWith(join(cacheFolder(), 'profiles', PROFILE)));
  t.deepEqual(await get(), first);
  t.is(counts.made, 1);
  const { get: another } = counted();
  t.not((await another()).folder, first.folder);
});

test('a profile is for its owner alone', async (t) => {
  const { get } = counted();
  const { folder } = await get();
  t.is((await stat(folder)).mode & 0o777, 0o700);
  for (const name of readdirSync(folder)) t.is((await stat(join(folder, name))).mode & 0o077, 0, name);
});

const damages: Record<string, (folder: string) => Promise<void>> = {
  'a flipped bit in the graph': (folder) => flipBit(join(folder, 'model.onnx')),
  'a flipped bit in the weights': (folder) => flipBit(join(folder, 'weights.bin')),
  'a graph cut short': (folder) => truncate(join(folder, 'model.onnx'), 1000),
  'weights gone': (folder) => rm(join(folder, 'weights.bin')),
  'no seal': (folder) => rm(join(folder, 'seal.json')),
  'a seal that is no JSON': (folder) => writeFile(join(folder, 'seal.json'), '{"weight'),
  'an empty folder': async (folder) => {
    await rm(folder, { recursive: true });
    await mkdir(folder);
  },
  'a file in its place': async (folder) => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'x');
  },
};
for (const [what, damage] of Object.entries(damages))
  test(`${what}: the profile is made anew`, async (t) => {
    const { get, counts } = counted();
    const { folder } = await get();
    await damage(folder);
    t.is((await get()).folder, folder);
    t.is(counts.made, 2);
    await get();
    t.is(counts.made, 2);
    t.deepEqual(
      readdirSync(join(folder, '..')).filter((name) => name.startsWith(`${folder.split('/').at(-1)}.`)),
      [],
    );
  });

test('a failure while it is made leaves nothing, and the next try succeeds', async (t) => {
  const { get, identity } = counted();
  const failing = materialise(identity, PROFILE, async () => {
    throw new Error('no master');
  });
  await t.throwsAsync(failing, { message: 'no master' });
  await t.notThrowsAsync(get());
});

test('a cache that cannot be written is told with its folder', async (t) => {
  const bundle = await bundleOf(t);
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const { code, err } = await ended(loading(t, bundle, file));
  t.is(code, 1);
  t.regex(err, /CACHE_WRITE/);
  t.true(err.includes(file));
});

/** Loads a profile in a process of its own, answers a text, and prints the answer. */
const script = `
  const { load } = await import(${JSON.stringify(pathToFileURL(resolve('dist/src/index.js')))});
  const model = await load(process.argv[1]);
  process.stdout.write(JSON.stringify(await model.predict(['turn off the light'])));
  await model.close();`;

function loading(t: ExecutionContext, bundle: string, cache: string): ChildProcess {
  const env = { ...process.env, SNUG_CACHE: cache };
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', script, bundle], { env });
  t.teardown(() => process_.kill('SIGKILL'));
  return process_;
}

async function ended(started: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ['', ''];
  started.stdout?.on('data', (data) => {
    out += data;
  });
  started.stderr?.on('data', (data) => {
    err += data;
  });
  await once(started, 'close');
  return { code: started.exitCode, out, err };
}

test('four processes at once: all answer alike, one profile stays', async (t) => {
  const bundle = await bundleOf(t);
  const cache = await temporaryFolder(t);
  const results = await Promise.all(Array.from({ length: 4 }, () => ended(loading(t, bundle, cache))));
  t.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0, 0],
  );
  t.is(new Set(results.map(({ out }) => out)).size, 1);
  t.regex(results[0].out, /label/);
  t.is(readdirSync(join(cache, 'profiles')).length, 1);
});

test('killed while it makes a profile, at several points: nothing half is ever used', async (t) => {
  const bundle = await bundleOf(t);
  const cache = await temporaryFolder(t);
  const profiles = join(cache, 'profiles');
  await mkdir(profiles, { recursive: true });
  const { out: right } = await ended(loading(t, bundle, await temporaryFolder(t)));
  let killed = 0;
  for (const changes of [1, 2, 4, 6]) {
    const started = loading(t, bundle, cache);
    const watcher = watch(profiles, { recursive: true });
    let seen = 0;
    watcher.on('change', () => {
      if (++seen === changes) started.kill('SIGKILL');
    });
    await once(started, 'close');
    watcher.close();
    if (started.signalCode === 'SIGKILL') killed++;
    for (const name of readdirSync(profiles))
      if (/-[0-9a-f]{24}$/.test(name)) t.true(existsSync(join(profiles, name, 'seal.json')), `${name} is half`);
  }
  t.true(killed >= 1, 'no process was killed in time');
  const { code, out } = await ended(loading(t, bundle, cache));
  t.is(code, 0);
  t.regex(out, /label/);
  t.is(out, right);
});
