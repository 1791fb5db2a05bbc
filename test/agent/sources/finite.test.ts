/** Sources that come to an end: standard input and files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import { createSource } from '../../../agent/sources/index.js';
import { StdinSource } from '../../../agent/sources/stdin.js';
import type { SnugError } from '../../../src/errors/index.js';
import { ListeningSink } from '../support/listening-sink.js';

test('stdin: to its end, the last line without newline too', async (t) => {
  const stream = new PassThrough();
  const sink = new ListeningSink();
  await new StdinSource('stdin', () => stream).start(sink);
  stream.write('one\ntw');
  stream.end('o');
  await sink.until(() => sink.news.includes('ended'));
  t.deepEqual(sink.texts, ['one', 'two']);
  t.is(sink.problem, undefined);
});

test('stdin: waits while the sink is full', async (t) => {
  const stream = new PassThrough();
  const sink = new ListeningSink();
  let goOn = () => {};
  let given = 0;
  const source = new StdinSource('stdin', () => stream);
  await source.start(
    Object.assign(sink, {
      bytes: () => {
        given++;
        return new Promise<void>((resolve) => {
          goOn = resolve;
        });
      },
    }),
  );
  for (let i = 0; i < 10; i++) stream.write('line\n');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(given, 1);
  goOn();
  await new Promise((resolve) => setImmediate(resolve));
  t.is(given, 2);
  await source.stop();
  t.deepEqual(sink.news, ['ended']);
});

test('stdin: a read error ends it with the reason', async (t) => {
  const stream = new PassThrough();
  const sink = new ListeningSink();
  await new StdinSource('stdin', () => stream).start(sink);
  stream.destroy(new Error('EIO: i/o error'));
  await sink.until(() => sink.news.includes('ended'));
  t.like(sink.problem, { code: 'SOURCE_FAILED', message: 'stdin: EIO: i/o error' });
});

test('file: all of it, over many chunks', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'snug-file-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, 'lines.txt');
  const lines = Array.from({ length: 20_000 }, (_, i) => `grüße number ${i}`);
  await writeFile(path, lines.join('\r\n'));
  const sink = new ListeningSink();
  const source = createSource('lines', { kind: 'file', path });
  await source.start(sink);
  await sink.until(() => sink.news.includes('ended'));
  t.deepEqual(sink.texts, lines);
  await source.stop();
});

test('file: a missing one, a folder and a device are refused by name', async (t) => {
  for (const path of [join(tmpdir(), 'no-such-file'), tmpdir(), '/dev/zero']) {
    const start = createSource('it', { kind: 'file', path }).start(new ListeningSink());
    const error = await t.throwsAsync<SnugError>(start, { code: 'SOURCE_UNREADABLE', message: new RegExp(path) });
    t.is(error.message.startsWith('no such file: '), path.endsWith('no-such-file'));
    t.is(error.message.endsWith('is a folder'), path === tmpdir());
    t.is(error.remedy.includes('standard input'), path === '/dev/zero');
  }
});
