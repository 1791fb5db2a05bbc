/** The advisor on a real bundle and this machine: it measures once, remembers, learns, and plans for boards that are not here. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { networkOf, openBundle } from '../../src/bundle/index.js';
import { Advisor, chooseAuto, fitMeasured, load, plannedLimits } from '../../src/fit/index.js';
import { writeLikeness } from '../../src/fit/likeness.js';
import { EncoderSession } from '../../src/infer/index.js';
import { knownBoards, loadBoard } from '../../src/profile/boards/index.js';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';

useOwnCache(test);

/** Tests share their processors with many others. */
const calibrationMs = 60_000;

test('a board is measured once; what it was found to be is read after that', async (t) => {
  const bundle = await openBundle(await bundleOf(t));
  const said: string[] = [];
  const first = await Advisor.open(bundle, { calibrationMs, onNote: (note) => said.push(note) });
  t.deepEqual(said, ['measuring this board, up to 3 s …']);
  t.is(first.basis, 'measured on this board just now');
  const again = await Advisor.open(bundle, { calibrationMs, onNote: (note) => said.push(note) });
  t.is(said.length, 1);
  t.is(again.basis, 'measured on this board before');
  t.deepEqual(again.priced(null), first.priced(null));
  for (const { costs } of again.priced(null))
    for (const value of Object.values(costs)) t.true(value >= 0 && Number.isFinite(value));
});

test('what is measured is remembered, and the choice is one that was measured', async (t) => {
  const bundle = await openBundle(await bundleOf(t));
  const advisor = await Advisor.open(bundle, { calibrationMs });
  const { choice, measured } = await fitMeasured(
    advisor,
    plannedLimits({ ramBytes: 2 ** 30 }),
    { textsPerSecond: 0 },
    { ownBytes: 0 },
  );
  const found = measured.get(choice.chosen.profile);
  if (!found) return t.fail('the chosen profile was not measured');
  t.true(found.latencyMs > 0);
  const later = await Advisor.open(bundle);
  const predicted = later.priced(null).find(({ profile }) => profile === choice.chosen.profile)?.costs;
  t.true(Math.abs((predicted?.latencyMs ?? 0) / found.latencyMs - 1) < 0.1);
});

test('every known board has a choice, and it is the same each time', async (t) => {
  const bundle = await openBundle(await bundleOf(t));
  for (const board of knownBoards()) {
    const advisor = await Advisor.open(bundle, { board });
    const choices = [1, 2].map(() => advisor.choose(plannedLimits({ board })));
    t.deepEqual(choices[0], choices[1]);
    t.is(choices[0].nothingFits, undefined, board.name);
    t.regex(advisor.basis, /^not measured: scaled from/);
  }
});

test('a slower board is predicted slower', async (t) => {
  const bundle = await openBundle(await bundleOf(t));
  const latencyOn = async (name: string) =>
    (await Advisor.open(bundle, { board: loadBoard(name) })).priced(null)[0].costs.latencyMs;
  t.true((await latencyOn('raspberry-pi-zero-2-w')) > (await latencyOn('raspberry-pi-4-b')));
  t.true((await latencyOn('raspberry-pi-4-b')) > (await latencyOn('raspberry-pi-5')));
});

test('auto: chosen, cut, loaded; where nothing fits, what needs least, and it is said', async (t) => {
  const folder = await bundleOf(t);
  const { profile, reason } = await chooseAuto(await openBundle(folder));
  t.regex(reason, /MB predicted/);
  const model = await load(folder, { profile: 'auto' });
  t.is(model.profile, profile);
  t.is((await model.predict(['turn on the lamp'])).length, 1);
  await model.close();
  const tight = await chooseAuto(await openBundle(folder), { wishes: { memoryShare: 0.000001 } });
  t.regex(tight.reason, /^nothing fits \(the smallest profile, .* needs .* MB of memory\)/);
});

test('a likeness answers like the profile in shape, and takes no room for its weights', async (t) => {
  const bundle = await openBundle(await bundleOf(t));
  const network = networkOf(bundle.manifest, 'w1.00-p0.00-q8');
  const folder = await mkdtemp(join(await temporaryFolder(t), 'likeness-'));
  const path = await writeLikeness(network, folder);
  t.true(existsSync(path) && readdirSync(folder).length === 2);
  const session = await EncoderSession.open(path, { threads: 1 });
  const { logits } = await session.run([[1, 2, 3]], 0, ['logits']);
  t.is(logits.length, bundle.manifest.labels.length);
  await session.release();
});
