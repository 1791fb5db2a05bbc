/** A governed agent on a real bundle at both brokers: profiles are exchanged under a stream that never stops, and all of it is told. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BoardView, fixedChoice } from '../../agent/governor/index.js';
import { nothingKnown, type PressureReading } from '../../agent/governor/signals.js';
import { BundleProfiles } from '../../agent/profiles/index.js';
import { messages } from '../../src/protocol/index.js';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import { init, plainDoor, type Rig, type RigOptions, startAgent } from './support/agent-rig.js';
import { brokerKinds } from './support/brokers.js';
import { type Feed, hasMosquitto, publish, watch } from './support/mosquitto-tools.js';

useOwnCache(test);

const FULL = 'w1.00-p0.00-q32';
const EIGHT = 'w1.00-p0.00-q8';

interface Hand {
  pressure: PressureReading;
  unfit: string[];
}

/** An agent with a board that the test holds in its hands; the eight-bit profile is the better one. */
async function governed(t: ExecutionContext, port: number, more: Partial<RigOptions> & { bundle?: string } = {}) {
  const hand: Hand = { pressure: nothingKnown, unfit: [] };
  const profiles = await BundleProfiles.open({ bundle: more.bundle ?? (await bundleOf(t)), threads: 1 });
  const boardOf = (): BoardView => ({
    ramBytes: null,
    readLimits: () => ({ memoryLimitBytes: { value: null, source: 'the test' } }),
    readPressure: () => hand.pressure,
    choose: () => {
      const choice = fixedChoice(profiles.ladder, EIGHT, 'the test wants it');
      const candidates = choice.candidates.map((each) => ({
        ...each,
        accuracy: each.profile === EIGHT ? 0.9 : 0.8,
        predicted: { latencyMs: each.profile === EIGHT ? 2 : 1, rssAnonBytes: 1e6, rssBytes: 2e6 },
        fits: !hand.unfit.includes(each.profile),
        reason: hand.unfit.includes(each.profile) ? 'needs 900 MB, 64 MB are allowed' : '',
      }));
      const chosen = candidates.find(({ profile, fits }) => fits && profile === EIGHT) ?? candidates[0];
      return { ...choice, candidates, chosen: { profile: chosen.profile, reason: 'the test wants it' } };
    },
  });
  const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
  const rig = await startAgent(t, { port, profiles, boardOf, ...more });
  await feed.until(() => feed.of('/status').at(-1)?.state === 'online', 'online');
  return { hand, feed, rig };
}

/** Says lines for as long as the work takes, as fast as the agent takes them; gives how many. */
async function underStream(rig: Rig, work: () => Promise<unknown>): Promise<number> {
  let said = 0;
  let working = true;
  const saying = (async () => {
    while (working) await rig.source.say(...Array.from({ length: 50 }, () => `what is my balance ${++said}`));
  })();
  await work();
  working = false;
  await saying;
  return said;
}

const predictions = (feed: Feed) => feed.of('/result/console').flatMap((payload) => payload.predictions);
const events = (feed: Feed, kind: string) => feed.of('/event').filter((event) => event.kind === kind);

for (const { name, start } of brokerKinds) {
  test(`${name}: profiles exchanged at saturation: every record once and in order, each change an event, info follows`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const { feed, rig } = await governed(t, port);
    const command = async (operation: string, id: string, args = {}) => {
      await publish(plainDoor(port), `snug/v1/board-1/cmd/${operation}/${id}`, init(args), '-r');
      await feed.until(() => feed.states(operation, id).at(-1) === 'successful', `${operation} ${id} successful`);
    };
    const said = await underStream(rig, async () => {
      await feed.until(() => predictions(feed).length > 0, 'a first prediction');
      await command('profile.set', 'a', { profile: FULL });
      await command('profile.auto', 'b');
      await command('profile.set', 'c', { profile: FULL });
    });
    await feed.until(
      () => predictions(feed).length >= said,
      () => `${predictions(feed).length} of ${said}`,
    );
    t.deepEqual(
      predictions(feed).map(({ seq }) => seq),
      Array.from({ length: said }, (_, i) => i + 1),
    );
    t.deepEqual([...new Set(predictions(feed).map(({ profile }) => profile))], [EIGHT, FULL]);
    const changes = events(feed, 'profile-changed');
    t.like(changes, [
      { from: EIGHT, to: FULL, cause: 'command', beside: true },
      { from: FULL, to: EIGHT, cause: 'command', beside: true },
      { from: EIGHT, to: FULL, cause: 'command', beside: true },
    ]);
    t.true(changes.every(({ pauseMs, loadMs }) => pauseMs > 0 && loadMs >= pauseMs));
    t.log(`pauses ${changes.map(({ pauseMs }) => pauseMs).join(', ')} ms`);
    await feed.until(() => feed.of('/info').at(-1)?.profile.name === FULL, 'info with the new profile');
    t.like(feed.of('/info').at(-1), {
      profile: { name: FULL, reason: 'set by a command', mode: 'pinned' },
      limits: { memoryLimitBytes: { source: 'the test' } },
    });
    for (const info of feed.of('/info')) t.true(messages.info.safeParse(info).success);
    t.like(feed.of('/cmd/profile.set/a').at(-1), { result: { profile: FULL, beside: true } });
  });

  test(`${name}: profile.set is refused with the reason where the profile does not fit, or is not there`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const { feed, hand } = await governed(t, port);
    hand.unfit = [FULL];
    const refused = async (id: string, profile: unknown) => {
      await publish(plainDoor(port), `snug/v1/board-1/cmd/profile.set/${id}`, init({ profile }), '-r');
      await feed.until(() => feed.states('profile.set', id).at(-1) === 'failed', `${id} failed`);
      return feed.of(`/cmd/profile.set/${id}`).at(-1);
    };
    t.regex(
      (await refused('a', FULL)).reason,
      /needs 900 MB, 64 MB are allowed; the nearest that fit are w1\.00-p0\.00-q8/,
    );
    t.regex((await refused('b', 'w0.50-p0.50-q4')).reason, /holds no profile w0\.50-p0\.50-q4; the nearest are/);
    t.regex((await refused('c', 'quick')).reason, /is no profile/);
    t.is((await refused('d', 7)).code, 'invalid-arguments');
    t.is((await refused('e', FULL)).error, 'PROFILE_UNFIT');
    t.deepEqual(events(feed, 'profile-changed'), []);
  });

  test(`${name}: a benchmark tells its progress, gives a table, and the stream goes on`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const { feed, rig } = await governed(t, port);
    await publish(
      plainDoor(port),
      'snug/v1/board-1/cmd/benchmark/a',
      init({ profiles: [EIGHT, 'w0.10-p0.00-q8'], texts: 10, limitS: 30 }),
      '-r',
    );
    await feed.until(() => feed.states('benchmark', 'a').includes('executing'), 'executing');
    await rig.source.say('what is my balance');
    await feed.until(() => predictions(feed).length === 1, 'a prediction meanwhile');
    await feed.until(() => feed.states('benchmark', 'a').at(-1) === 'successful', 'successful');
    const states = feed.of('/cmd/benchmark/a');
    t.true(states.some((state) => state?.progress?.of === 2));
    const { rows } = states.at(-1).result;
    t.deepEqual(rows[1], { profile: 'w0.10-p0.00-q8', notMeasured: 'the bundle does not hold it' });
    t.is(rows[0].texts, 10);
    t.true(rows[0].latencyMs.p50 > 0 && rows[0].rssAnonBytes > 0);
  });
}

test('heat leads down within two looks, with the cause and its figures in the event', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await brokerKinds[0].start(t);
  const { feed, hand, rig } = await governed(t, port);
  const said = await underStream(rig, async () => {
    hand.pressure = { ...nothingKnown, temperatureC: 95 };
    await feed.until(() => events(feed, 'profile-changed').length > 0, 'a change of profile');
  });
  t.like(events(feed, 'profile-changed')[0], { from: EIGHT, to: FULL, cause: 'heat', figures: { temperatureC: 95 } });
  await feed.until(() => predictions(feed).length >= said, 'all predictions');
  t.true(predictions(feed).every(({ seq }, i) => seq === i + 1));
});

test('limits that shrink under the stream lead to the choice under them', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await brokerKinds[0].start(t);
  const { feed, hand, rig } = await governed(t, port);
  const said = await underStream(rig, async () => {
    hand.unfit = [EIGHT];
    await feed.until(() => events(feed, 'profile-changed').length > 0, 'a change of profile');
  });
  t.like(events(feed, 'profile-changed')[0], { to: FULL, cause: 'limits' });
  t.regex(events(feed, 'profile-changed')[0].message, /needs 900 MB/);
  await feed.until(() => predictions(feed).length >= said, 'all predictions');
  t.true(predictions(feed).every(({ seq }, i) => seq === i + 1));
});

test('a run that was killed for memory is followed by a smaller profile, an event, and the reason in info', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await brokerKinds[0].start(t);
  const bundle = await bundleOf(t);
  const first = await governed(t, port, { bundle });
  const path = join(first.rig.stateDir, 'governor.json');
  const running = JSON.parse(await readFile(path, 'utf8'));
  t.like(running, { profile: EIGHT, ended: 'running' });
  await first.rig.agent.stop();
  t.is(JSON.parse(await readFile(path, 'utf8')).ended, 'clean');
  const killed = { ...running, bootId: null, memory: { headroomBytes: 2e6, memoryBytes: 64e6, near: true } };
  const prepare = (stateDir: string) => writeFile(join(stateDir, 'governor.json'), JSON.stringify(killed));
  const { feed } = await governed(t, port, { bundle, prepare });
  await feed.until(() => events(feed, 'killed-for-memory').length > 0, 'an event');
  t.like(events(feed, 'killed-for-memory')[0], { from: EIGHT, to: FULL, cause: 'memory-kill' });
  const info = feed.of('/info').at(-1);
  t.is(info.profile.name, FULL);
  t.regex(info.profile.reason, /smaller than w1\.00-p0\.00-q8.*did not end as it should/);
});
