import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Journal } from '../../../agent/commands/index.js';

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'snug-journal-'));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

async function opened(t: ExecutionContext, path: string, now = Date.now): Promise<Journal> {
  const journal = new Journal(path, now);
  await journal.open();
  t.teardown(() => journal.close());
  return journal;
}

const entry = (id: string, begunMs = Date.now()) => ({ operation: 'ping', id, begunMs });
const done = { status: 'successful', result: 1 } as const;

test('what was begun and ended is known to the next process', async (t) => {
  const at = await folder(t);
  const first = await opened(t, at);
  await first.begin(entry('a'));
  await first.end(entry('a'), done);
  await first.begin(entry('b'));
  const second = await opened(t, at);
  t.deepEqual(second.find('ping', 'a')?.outcome, done);
  t.is(second.find('ping', 'b')?.outcome, undefined);
  t.is(second.find('ping', 'c'), undefined);
});

test('what the requester cleared is forgotten, also by the next process; what runs is not', async (t) => {
  const at = await folder(t);
  const journal = await opened(t, at);
  for (const id of ['a', 'b']) await journal.begin(entry(id));
  await journal.end(entry('a'), done);
  await journal.forget('ping', 'a');
  await journal.forget('ping', 'b');
  t.is(journal.find('ping', 'a'), undefined);
  t.deepEqual(
    (await opened(t, at)).entries().map(({ id }) => id),
    ['b'],
  );
});

test('torn and damaged lines are left out, and the file is whole again', async (t) => {
  const at = await folder(t);
  const first = await opened(t, at);
  await first.begin(entry('a'));
  await appendFile(
    join(at, 'commands.jsonl'),
    'nonsense\n[]\n{"key":"x/y"}\n\u0000\u0000\u0000\n{"key":"ping/b","opera',
  );
  const journal = new Journal(at, Date.now);
  t.is(await journal.open(), 5);
  await journal.begin(entry('c'));
  await journal.close();
  const third = await opened(t, at);
  t.deepEqual(
    third.entries().map(({ id }) => id),
    ['a', 'c'],
  );
});

test('a file that is all zeros after a power cut does not stop the agent', async (t) => {
  const at = await folder(t);
  await writeFile(join(at, 'commands.jsonl'), Buffer.alloc(4096));
  t.is((await opened(t, at)).entries().length, 0);
});

test('old ends are forgotten, what runs is not; the file does not grow for ever', async (t) => {
  const at = await folder(t);
  const week = 7 * 24 * 3600 * 1000;
  const lines = Array.from({ length: 6000 }, (_, i) =>
    JSON.stringify({ key: `ping/${i}`, ...entry(`${i}`, Date.now()), ...(i > 0 && { outcome: done, told: true }) }),
  );
  await writeFile(join(at, 'commands.jsonl'), `${lines.join('\n')}\n`);
  const journal = await opened(t, at);
  t.truthy(journal.find('ping', '0'), 'the one that runs');
  t.is(journal.find('ping', '1'), undefined);
  t.truthy(journal.find('ping', '5999'));
  t.is(journal.entries().length, 1001);
  t.true((await readFile(join(at, 'commands.jsonl'), 'utf8')).split('\n').length < 1100);
  const later = await opened(t, at, () => Date.now() + week + 1000);
  const kept = later.entries().map(({ id }) => id);
  t.is(kept.length, 101, 'a clock that was set ahead makes not all of them old');
  t.deepEqual(kept.slice(0, 2), ['0', '5900']);
});

test('steps that overlap are all kept', async (t) => {
  const at = await folder(t);
  const journal = await opened(t, at);
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      await journal.begin(entry(`${i}`));
      const ended = await journal.end(entry(`${i}`), done);
      await journal.told(ended);
    }),
  );
  await journal.close();
  const again = await opened(t, at);
  t.is(again.entries().filter(({ outcome, told }) => outcome && told).length, 50);
});

test('a journal that can’t be written refuses to begin', async (t) => {
  const at = await folder(t);
  const journal = await opened(t, at);
  await journal.close();
  await t.throwsAsync(journal.begin(entry('a')));
  t.is(journal.find('ping', 'a'), undefined);
});
