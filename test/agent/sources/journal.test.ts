/** A real journal, of a namespace of its own where this user may have one. */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createSource } from '../../../agent/sources/index.js';
import { entryOf } from '../../../agent/sources/journal-entry.js';
import type { ReadPosition } from '../../../agent/sources/source.js';
import { hasJournal, startJournal } from '../support/journal-namespace.js';
import { ListeningSink } from '../support/listening-sink.js';

async function journal(t: ExecutionContext) {
  const { namespace, folder } = await startJournal(t);
  return {
    namespace,
    say: (...args: string[]) => spawnSync('logger', ['-u', `${folder}/dev-log`, ...args]),
    async run(from?: ReadPosition) {
      const source = createSource('journal', { kind: 'journal', namespace });
      const sink = new ListeningSink();
      await source.start(sink, from);
      t.teardown(() => source.stop());
      return { source, sink };
    },
  };
}

test('entries from now on, then from where it was read up to; fields beside the text', async (t) => {
  if (!hasJournal(t)) return t.pass();
  const { say, run } = await journal(t);
  say('before');
  while (spawnSync('journalctl', ['-q', '-n', '1', `--namespace=snug${process.pid}`]).stdout.length === 0)
    await wait(20);
  const first = await run();
  t.truthy(first.sink.position, 'it says where it begins');
  say('-t', 'pump', '-p', 'user.warning', 'one');
  say('two\nlines');
  await first.sink.until(() => first.sink.texts.includes('one') && first.sink.texts.length >= 2);
  const one = first.sink.pieces.find(({ text }) => text === 'one');
  t.is(one?.fields?.app, 'pump');
  t.is(one?.fields?.severity, 'warning');
  await first.source.stop();
  say('three');
  const second = await run(one?.position);
  await second.sink.untilText('three');
  t.false(second.sink.texts.includes('one'));
  t.deepEqual(second.sink.news, []);
  await second.source.stop();
  const gone = { cursor: String(one?.position?.cursor).replace(/i=\w+/, 'i=fffff') };
  const third = await run(gone);
  t.regex(third.sink.news[0], /^missed: what stood behind the entry read last/);
});

test('no such journal: said, and tried again', async (t) => {
  if (spawnSync('journalctl', ['--version']).status !== 0) {
    t.log('NOT TESTED: no journalctl');
    return t.pass();
  }
  const source = createSource('journal', { kind: 'journal', directory: '/nonexistent' });
  const sink = new ListeningSink();
  await source.start(sink);
  t.teardown(() => source.stop());
  t.regex(sink.news[0], /^lost: .*nonexistent/);
});

test('entries taken apart: bytes, several values, none, and what is no entry', (t) => {
  const entry = (fields: object) => entryOf(Buffer.from(JSON.stringify({ __CURSOR: 'c', ...fields })));
  t.is(entry({ MESSAGE: 'text' })?.body, 'text');
  t.deepEqual(entry({ MESSAGE: [0x67, 0xc3, 0xbc] })?.body, Buffer.from('gü'));
  t.is(entry({ MESSAGE: ['a', [0x62]] })?.body, 'a\nb');
  t.is(entry({ MESSAGE: null })?.body, '');
  t.is(entry({ __REALTIME_TIMESTAMP: '1795525064232165' })?.fields.sentAt, '2026-11-24T12:57:44.232Z');
  for (const broken of ['', '{', '[]', '7', 'null', '{"MESSAGE":"x"}']) t.is(entryOf(Buffer.from(broken)), undefined);
});
