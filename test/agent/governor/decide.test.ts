/** The governor's judgement, on simulated time. */
import test from 'ava';
import { settings } from '../../../agent/governor/thresholds.js';
import { choiceOf, LOOK_MS, MB, type Moment, names, Walk } from './support/walk.js';

const [full, q8, half, small, bag] = names;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const holdOffMs = settings.holdOffMs.value;

test('ten quiet minutes: no change', (t) => {
  t.deepEqual(new Walk().for(10 * MINUTE_MS).events, []);
});

test('ten minutes on the edge of every mark, between press and calm: no change', (t) => {
  const edge = {
    temperatureC: 84.9,
    queueDelayMs: 499,
    memoryStallShare: 0.19,
    headroomBytes: 42 * MB,
    p95Ms: 9.9,
    targetMs: 10,
    cpuThrottledShare: 0.49,
  };
  t.deepEqual(new Walk({ start: half }).for(10 * MINUTE_MS, edge).events, []);
});

test('memory stalls of the whole board press only where memory is near short, or pages of ours are read again', (t) => {
  const others = { stallsAreOwn: false, memoryStallShare: 0.6 };
  t.deepEqual(new Walk().for(MINUTE_MS, others).events, []);
  for (const ours of [{ headroomBytes: 70 * MB }, { faultsPerSecond: 20 }, { stallsAreOwn: true }])
    t.is(new Walk().for(2 * SECOND_MS, { ...others, ...ours }).events[0]?.kind, 'give-back', JSON.stringify(ours));
});

test('heat to 95 °C and back: down within two seconds, up again once', (t) => {
  const walk = new Walk().for(MINUTE_MS);
  const hotAtMs = walk.atMs;
  walk.for(20 * SECOND_MS, { temperatureC: 95 }).for(20 * SECOND_MS, { temperatureC: 80 });
  const coolAtMs = walk.atMs;
  walk.for(10 * MINUTE_MS);
  t.like(walk.moves, [
    { direction: 'down', to: q8, cause: 'heat', figures: { temperatureC: 95 } },
    { direction: 'up', to: full, cause: 'calm' },
  ]);
  t.is(walk.moves.length, 2);
  t.true(walk.moves[0].atMs - hotAtMs <= 2 * SECOND_MS);
  t.true(walk.moves[1].atMs - coolAtMs >= holdOffMs);
});

test('heat that stays leads further down, but not before a step could show what it brought', (t) => {
  const walk = new Walk().for(2 * MINUTE_MS, { temperatureC: 95 });
  t.deepEqual(
    walk.moves.map(({ to }) => to),
    [q8, half, small, bag],
  );
  const gaps = walk.moves.slice(1).map(({ atMs }, i) => atMs - walk.moves[i].atMs);
  t.true(gaps.every((ms) => ms >= settings.heatSettleMs.value));
});

test('a temperature that flickers around the mark does not lead down twice', (t) => {
  const walk = new Walk().for(25 * SECOND_MS, ({ atMs }) => ({ temperatureC: (atMs / LOOK_MS) % 3 === 0 ? 84 : 86 }));
  t.is(walk.moves.length, 1);
});

/** A board with a quota: what a text takes, what waits, how often the quota runs out. */
function stream(textsPerSecond: number, quotaCores: number) {
  let queued = 0;
  return ({ profile }: Moment) => {
    const serviceMs = { [full]: 20, [q8]: 8, [half]: 4, [small]: 2, [bag]: 0.2 }[profile] ?? 1;
    const perLook = (quotaCores * LOOK_MS) / serviceMs;
    const arrived = (textsPerSecond * LOOK_MS) / 1000;
    const answered = Math.min(perLook, queued + arrived);
    queued += arrived - answered;
    return {
      p95Ms: serviceMs / quotaCores,
      queueDelayMs: queued < 1 ? 0 : (queued * serviceMs) / quotaCores,
      busyShare: Math.min(1, answered / perLook),
      arrivedPerSecond: textsPerSecond,
      answeredPerSecond: (answered * 1000) / LOOK_MS,
      cpuThrottledShare: answered >= perLook ? 0.95 : 0,
    };
  };
}

test('a quota cut to a tenth under load: down within two seconds of the first sign, the cause and its figures in the step', (t) => {
  const walk = new Walk().for(MINUTE_MS, stream(30, 1));
  t.deepEqual(walk.events, []);
  const cutAtMs = walk.atMs;
  walk.for(MINUTE_MS, stream(30, 0.1));
  const [first] = walk.moves;
  t.like(first, { direction: 'down', cause: 'cpu-quota' });
  t.is(first.figures.cpuThrottledShare, 0.95);
  t.true(first.figures.queueDelayMs > 0);
  t.true(first.atMs - cutAtMs <= 2 * SECOND_MS);
  t.is(walk.profile, small, 'the most accurate that keeps up: 30 texts of 2 ms in a tenth of a core');
  t.true(walk.moves.every(({ direction }) => direction === 'down'));
});

test('a queue that grows leads at once to a profile that is quick enough by the figures', (t) => {
  const flood = stream(400, 1);
  const walk = new Walk().for(20 * SECOND_MS, (moment) => ({ ...flood(moment), cpuThrottledShare: null }));
  t.is(walk.moves.length, 1);
  t.like(walk.moves[0], { cause: 'queue', to: small });
});

test('a backlog that gets shorter presses nobody', (t) => {
  let delayMs = 60_000;
  const walk = new Walk().for(30 * SECOND_MS, () => {
    delayMs -= 200;
    return { queueDelayMs: delayMs };
  });
  t.deepEqual(walk.events, []);
});

test('latency over the target: down by as much as it is over; back up only where the prediction fits with margin', (t) => {
  const serviceMs: Record<string, number> = { [full]: 40, [q8]: 16, [half]: 8, [small]: 4, [bag]: 0.4 };
  const slow = ({ profile }: Moment) => ({ targetMs: 20, p95Ms: serviceMs[profile] }); // half as fast as predicted
  const walk = new Walk().for(20 * MINUTE_MS, slow);
  t.deepEqual(
    walk.moves.map(({ to, cause }) => [to, cause]),
    [[q8, 'latency']],
  );
  walk.for(20 * MINUTE_MS, ({ profile }) => ({ targetMs: 30, p95Ms: serviceMs[profile] / 2 }));
  t.is(walk.profile, full);
});

test('a quota that is used up while everything is in time harms nobody', (t) => {
  t.deepEqual(new Walk().for(10 * MINUTE_MS, { cpuThrottledShare: 1 }).events, []);
});

test('no step up while the model would be busy most of the time', (t) => {
  const walk = new Walk({ start: q8 }).for(10 * MINUTE_MS, { busyShare: 0.3 });
  t.deepEqual(walk.events, [], 'the profile above takes 2.5 times as long');
  walk.for(10 * MINUTE_MS, { busyShare: 0.2 });
  t.is(walk.profile, full);
});

test('no step up where memory would get short', (t) => {
  const choice = () => choiceOf({ memoryBytes: 62 * MB });
  t.deepEqual(new Walk({ start: q8, choice }).for(10 * MINUTE_MS).events, [], '60 MB of 62 leave no margin');
  const walk = new Walk({ start: q8 }).for(10 * MINUTE_MS, { headroomBytes: 90 * MB });
  t.deepEqual(walk.events, [], '15 MB more leave less than the calm mark');
});

test('memory gets short: what can be given back goes first, then a smaller profile, within two seconds', (t) => {
  const walk = new Walk().for(MINUTE_MS);
  const shortAtMs = walk.atMs;
  walk.for(3 * SECOND_MS, { headroomBytes: 30 * MB });
  t.like(walk.events, [{ kind: 'give-back' }, { kind: 'move', direction: 'down', cause: 'memory' }]);
  t.true(walk.events[1].atMs - shortAtMs <= 2 * SECOND_MS);
});

test('giving back is enough: no smaller profile', (t) => {
  const walk = new Walk().for(1 * SECOND_MS, { headroomBytes: 30 * MB }).for(MINUTE_MS);
  t.deepEqual(
    walk.events.map(({ kind }) => kind),
    ['give-back'],
  );
});

test('weights that are read again and again at the memory limit press like memory that is gone', (t) => {
  const thrash = { atLimit: 20, faultsPerSecond: 300 };
  const walk = new Walk().for(3 * SECOND_MS, thrash);
  t.like(walk.moves, [{ cause: 'memory', figures: { faultsPerSecond: 300 } }]);
  t.deepEqual(new Walk().for(MINUTE_MS, { atLimit: 20 }).events, [], 'a limit that is met by file cache alone is none');
});

test('memory is about to run out: one look is enough', (t) => {
  const walk = new Walk().for(LOOK_MS, { headroomBytes: 5 * MB });
  t.like(walk.events, [{ kind: 'move', direction: 'down', cause: 'memory' }]);
});

test('a pinned profile stays through heat, queue, latency and short memory', (t) => {
  const walk = new Walk({ pinned: full });
  walk.for(MINUTE_MS, { temperatureC: 95, throttled: true, queueDelayMs: 5000, p95Ms: 50, targetMs: 20 });
  walk.for(MINUTE_MS, { headroomBytes: 30 * MB });
  t.is(walk.profile, full);
  t.true(walk.events.every(({ kind }) => kind !== 'move'));
});

test('a pinned profile gives way where the board is about to kill, and comes back when there is room', (t) => {
  const walk = new Walk({ pinned: full }).for(MINUTE_MS, ({ profile }) =>
    profile === full ? { headroomBytes: 5 * MB } : { headroomBytes: 30 * MB },
  );
  t.not(walk.profile, full);
  walk.for(5 * MINUTE_MS, { busyShare: 0.001 });
  t.is(walk.profile, full);
});

test('a pinned profile that the limits rule out stays pinned', (t) => {
  const choice = () => choiceOf({ unfit: [full, q8] });
  t.deepEqual(new Walk({ pinned: full, choice }).for(MINUTE_MS).moves, []);
});

test('limits that shrink lead at once to the choice under them, and back when they grow', (t) => {
  const choice = ({ atMs }: Moment) => choiceOf({ unfit: atMs > 10_000 && atMs <= 20_000 ? [full, q8] : [] });
  const walk = new Walk({ choice }).for(10 * SECOND_MS + LOOK_MS);
  t.like(walk.moves, [
    { to: half, cause: 'limits', direction: 'down', why: 'needs more than is allowed', atMs: 10_500 },
  ]);
  walk.for(10 * MINUTE_MS);
  t.is(walk.profile, full);
  t.is(walk.moves.length, 2);
});

test('a memory limit that got smaller leads to a choice that takes less, though the profile in force fits; nothing else does', (t) => {
  // The choice comes a second after the limit, as it is read less often.
  const choice = ({ atMs }: Moment) => ({
    ...choiceOf(),
    ...(atMs > 11_000 && { chosen: { profile: half, reason: '' } }),
  });
  const shrinking = ({ atMs }: Moment) => ({ memoryBytes: (atMs > 10_000 ? 112 : 512) * MB });
  const walk = new Walk({ choice }).for(MINUTE_MS, shrinking);
  t.like(walk.moves, [{ to: half, cause: 'limits', direction: 'down', atMs: 11_500 }]);
  t.is(walk.moves.length, 1);
  t.deepEqual(new Walk({ choice }).for(MINUTE_MS).moves, [], 'the limit is what it was');
  t.deepEqual(new Walk({ choice, pinned: full }).for(MINUTE_MS, shrinking).moves, [], 'pinned');
  const growing = ({ atMs }: Moment) => ({ memoryBytes: (atMs > 10_000 ? 512 : 112) * MB });
  t.deepEqual(new Walk({ choice }).for(MINUTE_MS, growing).moves, [], 'it grew');
});

test('a choice that has to be cut is waited for, however long that takes', (t) => {
  const choice = ({ atMs }: Moment) => ({
    ...choiceOf(),
    ...(atMs > 11_000 && { chosen: { profile: half, reason: '' } }),
  });
  const walk = new Walk({ choice: (moment) => (moment.atMs < 60_000 ? choiceOf() : choice(moment)) });
  walk.for(10 * SECOND_MS).for(MINUTE_MS, { memoryBytes: 112 * MB, cutting: true });
  t.like(walk.moves, [{ to: half, cause: 'limits', unhurried: true, atMs: 60_000 }]);
});

test('memory that is short while a profile is cut, and shortly after, is no reason to leave one; memory that runs out is', (t) => {
  const short = { headroomBytes: 20 * MB };
  const walk = new Walk().for(10 * SECOND_MS, { ...short, cutting: true }).for(2 * SECOND_MS, short);
  t.deepEqual(walk.events, []);
  walk.for(5 * SECOND_MS, short);
  t.like(walk.events, [{ kind: 'give-back' }, { kind: 'move', cause: 'memory' }]);
  const dire = new Walk().for(LOOK_MS, { headroomBytes: MB, cutting: true });
  t.like(dire.moves, [{ cause: 'memory', atMs: LOOK_MS }]);
});

test('nothing fits: the lightest serves, and nothing moves any more', (t) => {
  const walk = new Walk({ choice: () => choiceOf({ unfit: [...names] }) }).for(10 * MINUTE_MS);
  t.is(walk.profile, bag);
  t.is(walk.moves.length, 1);
});

test('something presses and there is nothing lighter: it is said', (t) => {
  const walk = new Walk({ start: bag }).for(2 * SECOND_MS, { temperatureC: 95 });
  t.like(walk.events[0], { kind: 'stay', stuck: { cause: 'heat' } });
});

test('a step up that has to be taken back doubles the hold-off, and what was left is not tried for a while', (t) => {
  const tooSlow = ({ profile }: Moment) => ({ queueDelayMs: profile === full ? 2000 : 0 });
  const walk = new Walk({ start: q8 }).for(10 * MINUTE_MS, tooSlow);
  t.deepEqual(
    walk.moves.map(({ to }) => to),
    [full, q8],
  );
  t.is(walk.state.holdOffMs, 2 * holdOffMs);
  walk.for(10 * 3600 * SECOND_MS, tooSlow);
  t.true(walk.state.holdOffMs <= settings.longestHoldOffMs.value);
  const ups = walk.moves.filter(({ direction }) => direction === 'up');
  t.true(ups.length < 25, `${ups.length} tries in ten hours`);
});

test('a step up that lasted ends the doubling', (t) => {
  const tooSlow = ({ profile }: Moment) => ({ queueDelayMs: profile === full ? 2000 : 0 });
  const walk = new Walk({ start: q8 }).for(5 * MINUTE_MS, tooSlow).for(60 * MINUTE_MS);
  t.is(walk.profile, full);
  walk.for(2 * SECOND_MS, { temperatureC: 95 });
  t.is(walk.state.holdOffMs, holdOffMs);
});

test('trouble right after a step up leads back within two seconds', (t) => {
  const walk = new Walk({ start: q8 }).for(holdOffMs + LOOK_MS);
  t.is(walk.profile, full);
  const upAtMs = walk.moves[0].atMs;
  walk.for(3 * SECOND_MS, { queueDelayMs: 1000 });
  t.true(walk.moves[1].atMs - upAtMs <= 2 * SECOND_MS);
});

test('a process that was stopped sees its signs anew', (t) => {
  const walk = new Walk()
    .for(LOOK_MS, { temperatureC: 95 })
    .asleep(60 * MINUTE_MS)
    .for(LOOK_MS, { temperatureC: 95 });
  t.deepEqual(walk.events, []);
  const calm = new Walk({ start: q8 })
    .for(MINUTE_MS / 4)
    .asleep(60 * MINUTE_MS)
    .for(SECOND_MS);
  t.deepEqual(calm.events, [], 'an hour in which nobody looked was not a calm hour');
});

test('what is not known presses nobody', (t) => {
  const unknown = {
    p95Ms: null,
    memoryStallShare: null,
    cpuStallShare: null,
    headroomBytes: null,
    memoryBytes: null,
    temperatureC: null,
    cpuThrottledShare: null,
  };
  t.deepEqual(new Walk().for(10 * MINUTE_MS, unknown).events, []);
});
