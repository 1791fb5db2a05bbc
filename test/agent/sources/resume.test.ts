/** Files read on after a restart, wherever they have gone meanwhile. */
import { appendFileSync, copyFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FileSource } from '../../../agent/sources/file.js';
import { FollowSource } from '../../../agent/sources/follow.js';
import type { ReadPosition } from '../../../agent/sources/source.js';
import { temporaryFolder } from '../support/brokers.js';
import { ListeningSink } from '../support/listening-sink.js';

/** A log, and runs of a source that follows it; the position goes through JSON as it would through a disk. */
async function log(t: ExecutionContext) {
  const path = join(await temporaryFolder(t), 'app.log');
  return {
    path,
    say: (...lines: string[]) => appendFileSync(path, lines.map((line) => `${line}\n`).join('')),
    async run(from?: ReadPosition, options: { wholeLines?: boolean } = {}) {
      const sink = new ListeningSink(
        options.wholeLines === false ? { framing: { by: 'delimiter', delimiter: ';' } } : {},
      );
      const source = new FollowSource('log', path, options);
      await source.start(sink, from && JSON.parse(JSON.stringify(from)));
      t.teardown(() => source.stop());
      return {
        sink,
        /** Stops it; the position behind a record, or behind all. */
        async end(text?: string): Promise<ReadPosition> {
          await source.stop();
          const position =
            text === undefined ? sink.position : sink.pieces.find((each) => each.text === text)?.position;
          if (position === undefined) throw new Error('no position');
          return position;
        },
      };
    },
  };
}

test('what was written meanwhile is read, and nothing twice', async (t) => {
  const { say, run } = await log(t);
  say('before');
  const first = await run();
  say('one', 'two', 'three');
  await first.sink.untilText('three');
  const second = await run(await first.end('two'));
  say('four');
  await second.sink.untilText('four');
  t.deepEqual(second.sink.texts, ['three', 'four']);
  t.deepEqual(second.sink.news, []);
});

test('killed before any record was kept, it begins where it began', async (t) => {
  const { say, run } = await log(t);
  say('before');
  const first = await run();
  const start = first.sink.position;
  say('one');
  await first.sink.untilText('one');
  await first.end();
  const second = await run(start);
  await second.sink.untilText('one');
  t.deepEqual(second.sink.texts, ['one']);
});

test('there was no file: what comes is read from its start', async (t) => {
  const { say, run } = await log(t);
  const first = await run();
  const position = await first.end();
  say('one');
  const second = await run(position);
  await second.sink.untilText('one');
  t.deepEqual(second.sink.texts, ['one']);
});

test('rotated twice meanwhile: all three files are read, in order', async (t) => {
  const { path, say, run } = await log(t);
  say('zero');
  const first = await run();
  say('one', 'two');
  await first.sink.untilText('two');
  const position = await first.end('one');
  writeFileSync(`${path}.2.gz`, 'compressed');
  renameSync(path, `${path}.2`);
  say('three');
  renameSync(path, `${path}.1`);
  say('four');
  const second = await run(position);
  await second.sink.untilText('four');
  t.deepEqual(second.sink.texts, ['two', 'three', 'four']);
  t.deepEqual(second.sink.news, []);
});

test('a restart in the middle of a rotation: what the old file still gets is read once', async (t) => {
  const { path, say, run } = await log(t);
  say('zero');
  const first = await run();
  renameSync(path, `${path}.1`);
  say('new one');
  await first.sink.untilText('new one');
  appendFileSync(`${path}.1`, 'late one\n');
  await first.sink.untilText('late one');
  const position = await first.end();
  appendFileSync(`${path}.1`, 'late two\n');
  say('new two');
  const second = await run(position);
  await second.sink.until(() => second.sink.texts.length === 2);
  t.deepEqual([...second.sink.texts].sort(), ['late two', 'new two']);
});

test('the file read last is gone: said, and what has its name now is read from its start', async (t) => {
  const { path, say, run } = await log(t);
  say('zero');
  const first = await run();
  say('one');
  await first.sink.untilText('one');
  const position = await first.end();
  renameSync(path, `${path}.1`);
  say('two'); // so that its inode is not the same
  rmSync(`${path}.1`);
  const second = await run(position);
  await second.sink.untilText('two');
  t.deepEqual(second.sink.texts, ['two']);
  t.regex(second.sink.news[0], /^missed: what stood behind byte 9 of the file that was .*app\.log: it is gone$/);
});

test('truncated and refilled meanwhile, even beyond the old place: read from its start', async (t) => {
  const { path, say, run } = await log(t);
  say('zero');
  const first = await run();
  say('one');
  await first.sink.untilText('one');
  const position = await first.end();
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  say('two is longer than what stood there before');
  const second = await run(position);
  await second.sink.untilText('two is longer than what stood there before');
  t.is(second.sink.texts.length, 1);
  t.regex(second.sink.news[0], /^missed: .* before it was truncated/);
});

test('a position that is nonsense is none, and nothing breaks', async (t) => {
  const { say, run } = await log(t);
  say('one');
  for (const files of [[{}], [null], [{ file: '0:1', at: -5, sum: 0 }], ['x'], [{ file: 7, at: 'x', sum: null }]]) {
    const { sink, end } = await run({ files });
    await sink.untilText('one');
    await end();
  }
  t.pass();
});

test('records that are no lines: half a record is read again', async (t) => {
  const { path, run } = await log(t);
  writeFileSync(path, 'before;');
  const first = await run(undefined, { wholeLines: false });
  appendFileSync(path, 'one;ha');
  await first.sink.untilText('one');
  const second = await run(await first.end(), { wholeLines: false });
  appendFileSync(path, 'lf;');
  await second.sink.untilText('half');
  t.deepEqual(second.sink.texts, ['half']);
});

test('a file read once: read on, and when it was read to its end, nothing', async (t) => {
  const path = join(await temporaryFolder(t), 'texts');
  writeFileSync(path, 'one\ntwo\nthree');
  const run = async (from?: ReadPosition) => {
    const sink = new ListeningSink();
    await new FileSource('texts', path).start(sink, from);
    await sink.until(() => sink.news.includes('ended'));
    return sink;
  };
  const first = await run();
  t.deepEqual(first.texts, ['one', 'two', 'three']);
  t.deepEqual((await run(first.pieces[0].position)).texts, ['two', 'three']);
  t.deepEqual((await run(first.position)).texts, []);
  writeFileSync(path, 'another\nfile');
  const anew = await run(first.pieces[1].position);
  t.deepEqual(anew.texts, ['another', 'file']);
  t.is(anew.news.length, 2);
});
