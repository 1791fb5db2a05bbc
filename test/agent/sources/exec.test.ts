/** What real programs write. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSource } from '../../../agent/sources/index.js';
import { temporaryFolder } from '../support/brokers.js';
import { ListeningSink } from '../support/listening-sink.js';

async function running(t: ExecutionContext, command: string[], more: { cwd?: string } = {}) {
  const source = createSource('program', { kind: 'exec', command, ...more });
  const sink = new ListeningSink();
  await source.start(sink);
  t.teardown(() => source.stop());
  return { source, sink };
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

test('its output is read; when it ends it is started again, and what it said last is told', async (t) => {
  const folder = await temporaryFolder(t);
  const script = 'echo run >> runs; echo "run $(wc -l < runs)"; printf unfinished; echo no power >&2; exit 3';
  const { sink } = await running(t, ['sh', '-c', script], { cwd: folder });
  await sink.untilText('run 2');
  t.deepEqual(sink.texts.slice(0, 2), ['run 1', 'unfinished']);
  t.regex(sink.news[0], /^lost: sh ended with code 3: no power$/);
  t.is(sink.news[1], 'back');
});

test('a program that is not there is tried again, and said', async (t) => {
  const folder = await temporaryFolder(t);
  const program = join(folder, 'later');
  const { sink } = await running(t, [program]);
  await sink.until(() => sink.news.length > 0);
  t.regex(sink.news[0], /^lost: .*ENOENT/);
  writeFileSync(program, '#!/bin/sh\necho here\nsleep 600\n', { mode: 0o755 });
  await sink.untilText('here');
});

test('stopped, it is ended with all that it started, one that will not hear too', async (t) => {
  const script = 'sleep 600 & echo "child $!"; trap "" TERM; while :; do sleep 1; done';
  const { source, sink } = await running(t, ['bash', '-c', script]);
  await sink.until(() => sink.texts.length > 0);
  const child = Number(sink.texts[0].split(' ')[1]);
  t.true(isAlive(child));
  await source.stop();
  t.false(isAlive(child));
});
