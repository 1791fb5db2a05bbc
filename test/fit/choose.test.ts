/** The choice as a pure function: what is chosen, what is said, and that more of anything never makes it worse. */
import test from 'ava';
import { isLess } from '../../src/fit/equal.js';
import { allowanceOf, type Choice, choose, type Priced, type Wishes } from '../../src/fit/index.js';
import { known, type Limits } from '../../src/profile/index.js';
import { anyLadder, limitsWith, randomFrom, rung } from './support.js';

const ROWS = 3100;
const still = { textsPerSecond: 0 };

const under = (ladder: readonly Priced[], limits: Partial<Limits>, wishes: Wishes = {}, demand = still) =>
  choose(ladder, ROWS, allowanceOf(limitsWith(limits), wishes), demand);

const withRam = (bytes: number): Partial<Limits> => ({ memoryLimitBytes: known(bytes, '--ram') });
const why = ({ candidates }: Choice, profile: string) => candidates.find((each) => each.profile === profile)?.reason;

test('the most accurate that fits is chosen, and the next one says what it would take', (t) => {
  const ladder = [
    rung('large', 0.96, { residentBytes: 200e6 }),
    rung('middle', 0.94, { residentBytes: 80e6 }),
    rung('small', 0.9),
  ];
  const choice = under(ladder, withRam(128 * 2 ** 20));
  t.like(choice.chosen, { profile: 'middle', fits: true, reason: 'the most accurate that fits' });
  t.deepEqual(choice.next, { profile: 'large', accuracy: 0.96, needs: '236 MB of memory' });
  t.is(why(choice, 'large'), 'needs 200 MB of memory, 92 MB more than may be used');
  t.is(why(choice, 'small'), 'is right in 90.0 %, 4.0 points less than middle');
  t.is(under(ladder, withRam(237e6)).chosen.profile, 'large');
});

test('profiles that can not be told apart count as equal: the cheaper one wins', (t) => {
  const ladder = [
    rung('exact', 0.941, { latencyMs: 9 }),
    rung('nearly', 0.9375, { latencyMs: 2 }),
    rung('clearly-less', 0.93, { latencyMs: 1 }),
  ];
  const choice = under(ladder, withRam(256e6));
  t.is(choice.chosen.profile, 'nearly');
  t.is(choice.chosen.reason, "the cheapest of those that can't be told apart from exact");
  t.is(why(choice, 'exact'), "can't be told apart from nearly, which is cheaper");
  t.is(choice.next, undefined);
});

test('cheaper means latency, then all memory, then bytes', (t) => {
  const same = { latencyMs: 2 };
  const ladder = [
    { ...rung('a', 0.94, { ...same, rssBytes: 100e6 }), weightBytes: 9e6 },
    { ...rung('b', 0.94, { ...same, rssBytes: 90e6 }), weightBytes: 8e6 },
    { ...rung('c', 0.94, { ...same, rssBytes: 90e6 }), weightBytes: 7e6 },
  ];
  t.is(under(ladder, withRam(256e6)).chosen.profile, 'c');
});

test('every limit rules out, and says by how much', (t) => {
  const one = [rung('one', 0.9, { latencyMs: 20, cpuMs: 20, diskBytes: 100e6, makingBytes: 90e6 })];
  const reason = (limits: Partial<Limits>, wishes?: Wishes, demand?: typeof still) =>
    under(one, limits, wishes, demand).candidates[0].reason;
  t.is(reason(withRam(100e6)), 'needs 90 MB of memory to be cut out of the bundle, 13 MB more than may be used');
  t.is(reason({}, { maxLatencyMs: 10 }), 'takes 20.0 ms for a text, 12.0 ms more than 80 % of the 10 ms allowed');
  t.is(
    reason({ cores: known(4, ''), quotaCores: known(0.5, '') }, { cpuShare: 0.8 }, { textsPerSecond: 30 }),
    'keeps 0.60 cores busy at 30.0 texts a second, 0.20 more than may be',
  );
  t.is(reason({ diskFreeBytes: known(50e6, '') }), 'its files need 100 MB on the disk, 67 MB more than may be used');
  t.is(reason({}, { minAccuracy: 0.95 }), 'is right in 90.0 %, 5.0 points less than asked for');
});

test('where nothing fits, the smallest need is said, and what needs least is chosen', (t) => {
  const ladder = [rung('large', 0.96, { residentBytes: 200e6 }), rung('small', 0.9, { residentBytes: 70e6 })];
  const { chosen, nothingFits } = under(ladder, withRam(8e6));
  t.like(chosen, { profile: 'small', fits: false });
  t.is(nothingFits?.reason, 'the smallest profile, small, needs 92 MB of memory');
  t.is(under(ladder, withRam((nothingFits?.needBytes ?? 0) + 1)).nothingFits, undefined);
  t.is(under(ladder, { ...withRam(0) }).nothingFits?.needBytes, nothingFits?.needBytes);
  t.is(under(ladder, withRam(1e9), { maxLatencyMs: 0.1 }).nothingFits?.needBytes, null);
});

test('a bundle without accuracies: the largest that fits', (t) => {
  const ladder = [
    { ...rung('large', null, { residentBytes: 200e6 }), weightBytes: 90e6 },
    { ...rung('middle', null), weightBytes: 20e6 },
    { ...rung('small', null, { latencyMs: 1 }), weightBytes: 5e6 },
  ];
  t.is(choose(ladder, 0, allowanceOf(limitsWith(withRam(128e6)), {}), still).chosen.profile, 'middle');
});

test('memory: a share of the limit, of what is available where there is none; what others use is not ours', (t) => {
  const bytes = (limits: Partial<Limits>, wishes: Wishes = {}, ownBytes = 0) =>
    Math.round((allowanceOf(limitsWith(limits), wishes, { ownBytes }).memoryBytes ?? 0) / 1e6 + 12.582912);
  const limit = known(200e6, '');
  const available = known(400e6, '');
  t.is(bytes({ memoryLimitBytes: limit }), 180);
  t.is(bytes({ ramAvailableBytes: available }), 200);
  t.is(bytes({ ramAvailableBytes: available }, { memoryShare: 0.25 }), 100);
  t.is(bytes({ memoryLimitBytes: limit, ramAvailableBytes: known(100e6, '') }), 90);
  t.is(bytes({ memoryLimitBytes: limit, memoryHighBytes: known(100e6, '') }), 90);
  t.is(bytes({ memoryLimitBytes: limit, memoryLimitUsageBytes: known(50e6, '') }), 135);
  t.is(bytes({ memoryLimitBytes: limit, memoryLimitUsageBytes: known(50e6, '') }, {}, 50e6), 180);
  t.is(allowanceOf(limitsWith({}), {}).memoryBytes, null);
});

test('by chance: the same each time, never without a reason, and what is chosen fits', (t) => {
  const random = randomFrom(7);
  for (let round = 0; round < 300; round++) {
    const ladder = anyLadder(random);
    const limits = { ...withRam(2e8 * random()), cores: known(1 + Math.floor(4 * random()), '') };
    const wishes = { maxLatencyMs: 40 * random() };
    const choice = under(ladder, limits, wishes, { textsPerSecond: 60 * random() });
    t.deepEqual(under(ladder, limits, wishes, { textsPerSecond: 0 }), under(ladder, limits, wishes, still));
    t.is(choice.nothingFits === undefined, choice.chosen.fits);
    for (const { fits, reason } of choice.candidates) t.true(fits ? reason !== '' : /\d/.test(reason), reason);
  }
});

test('by chance: more memory, cores, quota, disk or time never make it less accurate than can be told', (t) => {
  const random = randomFrom(11);
  for (let round = 0; round < 400; round++) {
    const ladder = anyLadder(random);
    const less = {
      memoryLimitBytes: known(5e7 + 1.5e8 * random(), ''),
      cores: known(1 + Math.floor(3 * random()), ''),
      quotaCores: known(0.1 + 2 * random(), ''),
      diskFreeBytes: known(2e8 * random(), ''),
    };
    const wishes = { maxLatencyMs: 1 + 30 * random() };
    const demand = { textsPerSecond: 40 * random() };
    const more = (share: number) => 1 + (random() < 0.5 ? share * random() : 0);
    const greater = {
      memoryLimitBytes: known((less.memoryLimitBytes.value ?? 0) * more(3), ''),
      cores: known(Math.ceil((less.cores.value ?? 0) * more(3)), ''),
      quotaCores: known((less.quotaCores.value ?? 0) * more(3), ''),
      diskFreeBytes: known((less.diskFreeBytes.value ?? 0) * more(3), ''),
    };
    const before = under(ladder, less, wishes, demand);
    const after = under(ladder, greater, { maxLatencyMs: wishes.maxLatencyMs * more(2) }, demand);
    if (before.nothingFits) continue;
    t.is(after.nothingFits, undefined);
    t.false(isLess(after.chosen.accuracy ?? 0, before.chosen.accuracy ?? 0, ROWS));
  }
});
