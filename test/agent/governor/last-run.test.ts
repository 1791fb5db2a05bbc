/** What a run leaves behind, and what the next one makes of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { beginningOf } from '../../../agent/governor/beginning.js';
import { type KillCounts, killedForMemory, LastRun, type RunRecord } from '../../../agent/governor/last-run.js';
import { temporaryFolder } from '../support/brokers.js';
import { choiceOf, MB, names } from './support/walk.js';

const [full, q8, half, , bag] = names;
const boot = '0f4c1b5e-0000-4000-8000-000000000001';

const running: RunRecord = {
  v: 1,
  bundle: 'b1',
  profile: full,
  ended: 'running',
  bootId: boot,
  oomKills: { group: 1, board: 5 },
  memory: { headroomBytes: 200 * MB, memoryBytes: 512 * MB, near: false },
};
const near = { headroomBytes: 12 * MB, memoryBytes: 512 * MB, near: true };
const now: KillCounts = { bootId: boot, group: 1, board: 5 };
const begin = (last: RunRecord | undefined, kills = now, configured = 'auto', memoryBytes: number | null = null) =>
  beginningOf({ choice: choiceOf(), configured, bundle: 'b1', last, kills, memoryBytes });

test('a clean end was no kill, whatever the counters say', (t) => {
  t.is(killedForMemory({ ...running, ended: 'clean', memory: near }, { ...now, group: 9, board: 9 }), undefined);
});

test('the group’s count has risen: killed for memory', (t) => {
  t.regex(killedForMemory(running, { ...now, group: 2 }) ?? '', /1 times before, 2 now/);
});

test('the board’s count has risen: only where memory was short too, for it may have been another process', (t) => {
  t.is(killedForMemory(running, { ...now, group: 0, board: 6 }), undefined);
  t.regex(killedForMemory({ ...running, memory: near }, { ...now, group: 0, board: 6 }) ?? '', /13 MB were left/);
  t.is(killedForMemory({ ...running, memory: near }, now), undefined, 'a crash of its own');
});

test('another boot, or no counters: short memory before an end that was none', (t) => {
  const other = { bootId: '1', group: 0, board: 0 };
  t.is(killedForMemory(running, other), undefined, 'a power cut');
  t.truthy(killedForMemory({ ...running, memory: near }, other));
  t.truthy(killedForMemory({ ...running, memory: near }, { bootId: null, group: null, board: null }));
});

test('the first start takes the choice', (t) => {
  t.like(begin(undefined), { profile: full, wish: 'auto', killed: undefined });
});

test('after a kill the agent begins one step smaller, says why, and stays below', (t) => {
  const first = begin(running, { ...now, group: 2 });
  t.like(first, { profile: q8, killed: { profile: full }, ceiling: { profile: full } });
  t.regex(first.reason, /smaller than w1\.00-p0\.00-q32.*killed for memory/);
  const next = begin({ ...running, profile: q8, ended: 'clean', ceiling: first.ceiling });
  t.like(next, { profile: q8, killed: undefined, ceiling: { profile: full } });
  const again = begin({ ...running, profile: q8, ceiling: first.ceiling }, { ...now, group: 2 });
  t.like(again, { profile: half, ceiling: { profile: q8 } });
});

test('killed with the lightest profile: it is tried again, there is no other', (t) => {
  t.like(begin({ ...running, profile: bag }, { ...now, group: 2 }), { profile: bag, killed: { profile: bag } });
});

test('a pinned profile that was killed gives way', (t) => {
  t.like(begin(running, { ...now, group: 2 }, full), { profile: q8, wish: full });
});

test('with a quarter more memory than then, what was killed is considered again', (t) => {
  const ceiling = { profile: full, reason: 'killed', memoryBytes: 100 * MB };
  const with_ = (memoryBytes: number) => begin({ ...running, ended: 'clean', ceiling }, now, 'auto', memoryBytes);
  t.is(with_(110 * MB).profile, q8);
  t.like(with_(130 * MB), { profile: full, ceiling: undefined });
});

test('a wish set by command outlives a restart, until another stands in the configuration', (t) => {
  const wished = { ...running, ended: 'clean' as const, wish: { configured: 'auto', profile: half } };
  t.like(begin(wished), { profile: half, wish: half, reason: 'set by a command' });
  t.like(begin(wished, now, q8), { profile: q8, wish: q8, reason: 'named in the configuration' });
  t.like(begin({ ...wished, wish: { configured: q8, profile: 'auto' } }, now, q8), { profile: full, wish: 'auto' });
});

test('what is known of another bundle counts for nothing', (t) => {
  t.like(begin({ ...running, bundle: 'b0' }, { ...now, group: 2 }), { profile: full, killed: undefined });
});

test('a record is read as it was written; a damaged one is said and left out', async (t) => {
  const folder = await temporaryFolder(t);
  const said: string[] = [];
  const tell = (message: unknown) => said.push(String(message));
  const lastRun = new LastRun(folder, { warn: tell, error: tell });
  t.is(await lastRun.read(), undefined);
  await lastRun.write(running);
  t.deepEqual(await lastRun.read(), running);
  const path = join(folder, 'governor.json');
  for (const text of ['', '{', '{"v":2}', '[]', (await readFile(path, 'utf8')).replace('"running"', '"ran"')]) {
    await writeFile(path, text);
    t.is(await lastRun.read(), undefined);
  }
  t.is(said.length, 5);
});

test('a record that can’t be written is said, and the agent goes on', async (t) => {
  const folder = await temporaryFolder(t);
  const said: string[] = [];
  const tell = (message: unknown) => said.push(String(message));
  await new LastRun(join(folder, 'gone'), { warn: tell, error: tell }).write(running);
  t.regex(said[0], /can't be kept on disk/);
});
