/** The governor with its parts: what it does about a decision, what it tells, and what it keeps. Looks are made by the test. */
import test from 'ava';
import type { Ceiling } from '../../../agent/governor/beginning.js';
import { Governor } from '../../../agent/governor/governor.js';
import type { RunRecord } from '../../../agent/governor/last-run.js';
import type { GovernorParts } from '../../../agent/governor/parts.js';
import type { Choice } from '../../../agent/governor/plan.js';
import { nothingKnown, type PressureReading } from '../../../agent/governor/signals.js';
import type { SwapWay } from '../../../agent/hot-swap.js';
import type { Model } from '../../../src/infer/types.js';
import { choiceOf, LOOK_MS, MB, names } from './support/walk.js';

const [full, q8, half, small, bag] = names;

interface Told {
  readonly kind: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A governor whose board, cache and loader the test holds in its hands. */
function rig(options: { wish?: string; ready?: readonly string[]; ceiling?: Ceiling } = {}) {
  const hand = {
    atMs: 0,
    pressure: { ...nothingKnown, availableBytes: 300 * MB } as PressureReading,
    choice: choiceOf(),
    ready: new Set<string>(options.ready ?? names),
    broken: new Set<string>(),
    profile: full as string,
    swaps: [] as { readonly to: string; readonly beside: boolean }[],
    cut: [] as string[],
    givenBack: 0,
    events: [] as Told[],
    log: [] as string[],
    records: [] as RunRecord[],
    statusTold: 0,
    limitsRead: 0,
    limitsBroken: false,
  };
  const say = (...args: unknown[]) => hand.log.push(args.filter((arg) => typeof arg === 'string').join(' '));
  const prepare = async (profile: string) => {
    if (hand.broken.has(profile)) throw new Error('disk full');
    hand.cut.push(profile);
    hand.ready.add(profile);
  };
  const parts: GovernorParts = {
    board: {
      ramBytes: 512 * MB,
      readLimits: () => {
        if (hand.limitsBroken) throw new Error('no /proc');
        return { read: ++hand.limitsRead };
      },
      readPressure: () => hand.pressure,
      choose: (): Choice => hand.choice,
    },
    limits: {},
    choice: hand.choice,
    beginning: {
      profile: full,
      reason: 'auto: test',
      wish: options.wish ?? 'auto',
      ceiling: options.ceiling,
      killed: undefined,
    },
    configured: 'auto',
    bundle: 'b1',
    targetMs: null,
    baseAnonBytes: 25 * MB,
    profiles: {
      ladder: hand.choice.candidates.map(({ profile, accuracy }) => ({ profile, accuracy, weightBytes: 1 })),
      isReady: async (profile) => hand.ready.has(profile),
      prepare,
    },
    swap: {
      get model() {
        return { profile: hand.profile } as Model;
      },
      to: async (to: string, { beside, prepare: first }: SwapWay) => {
        await first?.();
        if (hand.broken.has(to)) throw new Error('no such weights');
        hand.swaps.push({ to, beside });
        hand.profile = to;
        return { beside, loadMs: 20, pauseMs: 10.04 };
      },
    },
    readPressure: () => hand.pressure,
    stream: () => ({ queueDelayMs: 0, waiting: 0, arrived: 0, answered: 0, busyMs: 0, p95Ms: 0, p95Count: 0 }),
    majorFaults: () => 0,
    giveBack: async () => {
      hand.givenBack++;
      return { rssAnonBeforeBytes: 60 * MB, rssAnonAfterBytes: 50 * MB, pauseMs: 12 };
    },
    lastRun: {
      write: async (record) => {
        hand.records.push(record);
      },
    },
    nowMs: () => hand.atMs,
    sleep: async () => {},
    log: { debug: say, info: say, warn: say, error: say },
    onEvent: (kind, message, fields) => hand.events.push({ kind, message, fields }),
    onStatus: () => {
      hand.statusTold++;
    },
  };
  const governor = new Governor(parts);
  const looks = async (count: number) => {
    for (let i = 0; i < count; i++) {
      hand.atMs += LOOK_MS;
      await governor.look();
    }
  };
  return { governor, hand, looks };
}

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

test('a change is an event with from, to, cause, figures and pause; info is told anew; the record has it', async (t) => {
  const { governor, hand, looks } = rig();
  await looks(2);
  hand.pressure = { ...hand.pressure, temperatureC: 95 };
  await looks(2);
  const [changed] = hand.events;
  t.like(changed, {
    kind: 'profile-changed',
    message: `profile ${full} → ${q8}: heat (temperatureC 95)`,
    fields: { from: full, to: q8, cause: 'heat', figures: { temperatureC: 95 }, beside: true, loadMs: 20, pauseMs: 10 },
  });
  t.is(hand.statusTold, 1);
  t.like(governor.status(), { profile: q8, wish: 'auto', reason: `down from ${full}: heat (temperatureC 95)` });
  t.like(hand.records.at(-1), { profile: q8, ended: 'running' });
});

test('limits are read every second, not at every look', async (t) => {
  const { governor, hand, looks } = rig();
  await looks(20);
  t.is(hand.limitsRead, 10);
  t.deepEqual(governor.status().limits, { read: 10 });
});

test('limits that rule the profile in force out lead to the choice under them within two looks', async (t) => {
  const { hand, looks } = rig();
  await looks(2);
  hand.choice = choiceOf({ unfit: [full, q8] });
  await looks(2);
  t.like(hand.events[0], { kind: 'profile-changed', fields: { to: half, cause: 'limits' } });
  t.regex(hand.events[0].message, /needs more than is allowed/);
});

test('a profile that can’t be loaded leaves the one in force, is told, and the next one down is taken', async (t) => {
  const { hand, looks } = rig();
  hand.broken.add(q8);
  hand.pressure = { ...hand.pressure, temperatureC: 95 };
  await looks(2);
  t.like(hand.events[0], { kind: 'profile-change-failed', fields: { from: full, to: q8, cause: 'heat' } });
  t.regex(hand.events[0].message, /w1\.00-p0\.00-q32 stays: no such weights/);
  t.is(hand.profile, full);
  await looks(2);
  t.is(hand.profile, half);
  await looks(120);
  t.is(hand.events.filter(({ kind }) => kind === 'profile-change-failed').length, 1, 'it is left alone for a while');
});

test('memory is given back first, then both models are never in memory at once', async (t) => {
  const { hand, looks } = rig();
  hand.pressure = { ...hand.pressure, availableBytes: 30 * MB };
  await looks(2);
  t.is(hand.givenBack, 1);
  t.like(hand.events[0], { kind: 'memory-given-back', fields: { rssAnonAfterBytes: 50 * MB, pauseMs: 12 } });
  await looks(1);
  t.is(hand.swaps.length, 1);
  t.false(hand.swaps[0].beside);
});

test('both models at once only where memory is left for both', async (t) => {
  for (const [availableBytes, beside] of [
    [90 * MB, true],
    [59 * MB, false],
  ] as const) {
    const { hand, looks } = rig();
    hand.pressure = { ...hand.pressure, availableBytes, temperatureC: 95 };
    await looks(2);
    t.deepEqual(hand.swaps, [{ to: q8, beside }], `${availableBytes / MB} MB left, 20 MB more to load`);
  }
});

test('profiles that a step down would lead to are cut in advance, one at a time, where there is room to cut', async (t) => {
  const { hand, looks } = rig({ ready: [full] });
  hand.pressure = { ...hand.pressure, availableBytes: 50 * MB };
  await looks(10);
  t.deepEqual(hand.cut, []);
  hand.pressure = { ...hand.pressure, availableBytes: 300 * MB };
  await looks(1);
  await turns();
  t.deepEqual(hand.cut, [q8]);
  await looks(1);
  await turns();
  t.deepEqual(hand.cut, [q8, bag]);
  await looks(10);
  t.is(hand.cut.length, 2);
});

test('a step down does not wait for cutting where something lighter is ready', async (t) => {
  const { hand, looks } = rig({ ready: [full, small] });
  hand.pressure = { ...hand.pressure, temperatureC: 95 };
  await looks(2);
  t.deepEqual(
    hand.swaps.map(({ to }) => to),
    [small],
  );
  t.like(hand.events[0].fields, { to: small, figures: { insteadOf: q8 } });
});

test('nothing lighter is ready and no room to cut beside: the model makes room first', async (t) => {
  const { hand, looks } = rig({ ready: [full] });
  hand.pressure = { ...hand.pressure, availableBytes: 60 * MB, temperatureC: 95 };
  await looks(2);
  t.deepEqual(hand.cut, [q8]);
  t.deepEqual(hand.swaps, [{ to: q8, beside: false }]);
});

test('a step up waits until its profile is cut, and is not forgotten', async (t) => {
  const { hand, looks } = rig();
  hand.pressure = { ...hand.pressure, temperatureC: 95 };
  await looks(2);
  t.is(hand.profile, q8);
  hand.ready.delete(full);
  hand.pressure = { ...hand.pressure, temperatureC: 50 };
  for (let i = 0; i < 70 && hand.profile === q8; i++) {
    await looks(1);
    await turns();
  }
  t.deepEqual(hand.cut, [full]);
  t.is(hand.profile, full);
});

/** Memory was taken away, and the choice under what is left is not cut yet. */
async function squeezedTo(memoryLimitBytes: number) {
  const made = rig({ ready: [full, q8, small, bag] });
  const { hand, looks } = made;
  hand.pressure = { ...hand.pressure, memoryLimitBytes: 512 * MB, memoryUsedBytes: 100 * MB };
  await looks(2);
  hand.pressure = { ...hand.pressure, memoryLimitBytes };
  hand.choice = { ...choiceOf(), chosen: { profile: half, reason: 'the choice' } };
  return made;
}

test('less memory leads to the choice under it: the profile in force serves until that is cut, and nothing else is served', async (t) => {
  const { hand, looks } = await squeezedTo(180 * MB);
  for (let i = 0; i < 10; i++) {
    await looks(1);
    await turns();
  }
  t.deepEqual(hand.swaps, [{ to: half, beside: true }]);
  t.deepEqual(hand.cut, [half]);
  t.like(hand.events[0].fields, { from: full, to: half, cause: 'limits' });
});

test('less memory and no room to cut beside: the model makes room for the choice', async (t) => {
  const { hand, looks } = await squeezedTo(140 * MB);
  await looks(3);
  t.deepEqual(hand.swaps, [{ to: half, beside: false }]);
  t.deepEqual(hand.cut, [half]);
});

test('pin: served at once, kept on disk, left to heat; auto: back to the choice', async (t) => {
  const { governor, hand, looks } = rig();
  await looks(1);
  t.like(await governor.pin(half), { pauseMs: 10.04 });
  t.like(hand.events[0].fields, { from: full, to: half, cause: 'command' });
  t.like(hand.records.at(-1), { profile: half, wish: { configured: 'auto', profile: half } });
  t.like(governor.status(), { profile: half, wish: half, reason: 'set by a command' });
  hand.pressure = { ...hand.pressure, temperatureC: 95 };
  await looks(20);
  t.is(hand.profile, half);
  t.deepEqual(
    hand.events.slice(1).map(({ kind }) => kind),
    ['overload'],
    'that it presses is said, once',
  );
  hand.pressure = { ...hand.pressure, temperatureC: 50 };
  await governor.auto();
  t.is(hand.profile, full);
  t.is(hand.records.at(-1)?.wish, undefined);
  t.is(await governor.auto(), undefined, 'nothing to change');
});

test('pin refuses what the bundle does not hold and what does not fit, and names the nearest', async (t) => {
  const { governor, hand } = rig();
  hand.choice = choiceOf({ unfit: [full] });
  await t.throwsAsync(governor.pin('w0.75-p0.00-q8'), {
    code: 'PROFILE_UNKNOWN',
    message: /nearest are w1\.00-p0\.00-q8/,
  });
  await t.throwsAsync(governor.pin('fastest'), { code: 'PROFILE_NAME' });
  await t.throwsAsync(governor.pin(full), {
    code: 'PROFILE_UNFIT',
    message: /needs more than is allowed; the nearest that fit are w1\.00-p0\.00-q8/,
  });
  t.deepEqual(hand.swaps, []);
});

test('a pin that fails leaves profile and wish as they were', async (t) => {
  const { governor, hand } = rig();
  hand.broken.add(half);
  await t.throwsAsync(governor.pin(half), { message: 'no such weights' });
  t.like(governor.status(), { profile: full, wish: 'auto', reason: 'auto: test' });
  t.deepEqual(hand.events, []);
});

test('commands and looks take turns', async (t) => {
  const { governor, hand } = rig();
  await Promise.all([governor.pin(half), governor.pin(small), governor.auto(), governor.pin(q8)]);
  t.deepEqual(
    hand.swaps.map(({ to }) => to),
    [half, small, full, q8],
  );
});

test('what was killed for memory is not gone up to', async (t) => {
  const ceiling = { profile: q8, reason: 'killed', memoryBytes: null };
  const { hand, looks } = rig({ ceiling });
  hand.profile = half;
  await looks(1000);
  t.is(hand.profile, half);
});

test('memory near its end is kept on disk once, and its end too', async (t) => {
  const { governor, hand, looks } = rig();
  governor.start();
  await governor.stop();
  t.deepEqual(
    hand.records.map(({ ended }) => ended),
    ['running', 'clean'],
  );
  const second = rig({ wish: full });
  second.governor.start();
  second.hand.pressure = { ...second.hand.pressure, availableBytes: 50 * MB };
  await second.looks(10);
  t.is(second.hand.records.filter(({ memory }) => memory.near).length, 1);
  second.hand.pressure = { ...second.hand.pressure, availableBytes: 300 * MB };
  await second.looks(40);
  t.like(second.hand.records.at(-1), { memory: { near: false } });
  await second.governor.stop();
  await looks(0);
});

test('a board that can’t be read is said once, and the governor looks on', async (t) => {
  const { governor, hand, looks } = rig();
  hand.limitsBroken = true;
  hand.atMs = 10_000;
  await t.throwsAsync(governor.look(), { message: 'no /proc' });
  hand.limitsBroken = false;
  hand.choice = choiceOf({ unfit: [full] });
  await looks(3);
  t.is(hand.profile, q8);
});
