/** A followed file through all that happens to log files. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FollowSource } from '../../../agent/sources/follow.js';
import { ListeningSink } from '../support/listening-sink.js';

async function following(t: ExecutionContext, before: string | undefined, now?: () => number) {
  const dir = mkdtempSync(join(tmpdir(), 'snug-follow-'));
  const log = join(dir, 'app.log');
  if (before !== undefined) writeFileSync(log, before);
  const sink = new ListeningSink();
  const source = new FollowSource('log', log, { now });
  await source.start(sink);
  t.teardown(async () => {
    await source.stop();
    rmSync(dir, { recursive: true });
  });
  return { dir, log, sink, source };
}

test('begins at the end, gives what is added, a line only once it is whole', async (t) => {
  const { log, sink } = await following(t, 'old line\n');
  appendFileSync(log, 'first\nhal');
  await sink.untilText('first');
  appendFileSync(log, 'f\nthird\n');
  await sink.untilText('third');
  t.deepEqual(sink.texts, ['first', 'half', 'third']);
  t.deepEqual(sink.news, []);
});

test('rotation: late lines in the old file and all of the new one', async (t) => {
  const { log, sink } = await following(t, '');
  appendFileSync(log, 'before\n');
  await sink.untilText('before');
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, 'late in the old file\n');
  writeFileSync(log, 'first in the new file\n');
  await sink.untilText('first in the new file');
  appendFileSync(`${log}.1`, 'later still\n');
  await sink.untilText('later still');
  appendFileSync(log, 'second in the new file\n');
  await sink.untilText('second in the new file');
  t.deepEqual(sink.texts.toSorted(), [
    'before',
    'first in the new file',
    'late in the old file',
    'later still',
    'second in the new file',
  ]);
  t.deepEqual(sink.news, []);
});

test('rotation between a look at the file and one at its name: the old file’s last lines come before the new one’s', async (t) => {
  let nowMs = 0;
  const { log, sink } = await following(t, '', () => nowMs);
  const take = sink.take.bind(sink);
  sink.take = (piece) => {
    take(piece);
    if (piece.text !== 'before') return;
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, 'last of the old file\n');
    writeFileSync(log, 'first of the new file\n');
    nowMs = 300; // the name is due to be looked at
  };
  appendFileSync(log, 'before\n');
  await sink.until(() => sink.texts.length === 3);
  t.deepEqual(sink.texts, ['before', 'last of the old file', 'first of the new file']);
});

test('rotation: an old file that was quiet for long is given up, its last line without end is given', async (t) => {
  let nowMs = 0;
  const { log, sink } = await following(t, '', () => nowMs);
  appendFileSync(log, 'whole\nno end');
  await sink.untilText('whole');
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'new\n');
  await sink.untilText('new');
  nowMs = 60_000;
  await sink.untilText('no end');
  t.deepEqual(sink.texts, ['whole', 'new', 'no end']);
});

test('a file that gets its name back is not read twice', async (t) => {
  const { log, sink } = await following(t, '');
  appendFileSync(log, 'one\n');
  await sink.untilText('one');
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'two\n');
  await sink.untilText('two');
  renameSync(`${log}.1`, log);
  appendFileSync(log, 'three\n');
  await sink.untilText('three');
  t.deepEqual(sink.texts, ['one', 'two', 'three']);
});

test('truncation: begins again at the start', async (t) => {
  const { log, sink } = await following(t, 'a line from before\n');
  appendFileSync(log, 'one\n');
  await sink.untilText('one');
  truncateSync(log);
  appendFileSync(log, 'two\n');
  await sink.untilText('two');
  t.deepEqual(sink.texts, ['one', 'two']);
});

test('copytruncate: refilled beyond the old place before anybody looked, or with a hole by a writer that does not append', async (t) => {
  const { log, sink } = await following(t, '');
  appendFileSync(log, 'one\n');
  await sink.untilText('one');
  copyFileSync(log, `${log}.1`);
  writeFileSync(log, 'two, which is longer than what was there\n');
  await sink.untilText('two, which is longer than what was there');
  writeFileSync(log, Buffer.concat([Buffer.alloc(200_000), Buffer.from('three\n')]));
  await sink.untilText('three');
  t.deepEqual(sink.texts, ['one', 'two, which is longer than what was there', 'three']);
});

test('a missing file is said once, and read from its start when it comes; so is its folder', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'snug-follow-'));
  const log = join(dir, 'later', 'app.log');
  const sink = new ListeningSink();
  const source = new FollowSource('log', log);
  await source.start(sink);
  t.teardown(async () => {
    await source.stop();
    rmSync(dir, { recursive: true });
  });
  t.is(sink.news.length, 1);
  t.regex(sink.news[0], /^lost: .*later.app\.log/);
  mkdirSync(join(dir, 'later'));
  writeFileSync(log, 'at last\n');
  await sink.untilText('at last');
  await sink.until(() => sink.news.includes('back'));
  t.is(sink.news.length, 2);
});

test('a file that is gone for long is said to be lost, and late lines in it are still read', async (t) => {
  let nowMs = 0;
  const { log, sink } = await following(t, '', () => nowMs);
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, 'late\n');
  await sink.untilText('late');
  const ticking = setInterval(() => {
    nowMs += 600;
  }, 50);
  t.teardown(() => clearInterval(ticking));
  await sink.until(() => sink.news.length === 1);
  t.regex(sink.news[0], /^lost: there is no .*app\.log$/);
  writeFileSync(log, 'new\n');
  await sink.untilText('new');
  await sink.until(() => sink.news.includes('back'));
  t.deepEqual(sink.texts, ['late', 'new']);
});

test('a line longer than a chunk stays one, and another file does not get into it', async (t) => {
  const { log, sink } = await following(t, '');
  appendFileSync(log, 'x'.repeat(70_000));
  appendFileSync(log, `${'x'.repeat(70_000)}\nnext\n`);
  await sink.untilText('next');
  t.deepEqual(sink.texts, ['x'.repeat(65_536), 'next']);
  appendFileSync(log, 'y'.repeat(70_000));
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'new file\n');
  await sink.untilText('new file');
});

test('a folder takes the name and leaves it again: the next file is read', async (t) => {
  const { log, sink } = await following(t, '');
  appendFileSync(log, 'before\n');
  await sink.untilText('before');
  rmSync(log);
  mkdirSync(log);
  await sink.until(() => sink.news.length === 1);
  t.regex(sink.news[0], /^lost: .*app\.log is a folder$/);
  rmSync(log, { recursive: true });
  writeFileSync(log, 'after\n');
  await sink.untilText('after');
  await sink.until(() => sink.news.includes('back'));
  t.deepEqual(sink.texts, ['before', 'after']);
});

// Alone: the number of the closed handle must go to nobody else.
test.serial('a handle that goes bad is opened anew where it was read up to', async (t) => {
  const { dir, log, sink } = await following(t, 'old\n');
  appendFileSync(log, 'first\n');
  await sink.untilText('first');
  const handle = readdirSync('/proc/self/fd').find((fd) => nameOf(fd) === log);
  closeSync(Number(handle));
  t.is(openSync(dir, 'r'), Number(handle), 'reads of it fail from now on');
  appendFileSync(log, 'second\n');
  await sink.untilText('second');
  appendFileSync(log, 'third\n');
  await sink.untilText('third');
  await sink.until(() => sink.news.includes('back'));
  t.deepEqual(sink.texts, ['first', 'second', 'third']);
  t.regex(sink.news[0], /^lost: EISDIR/);
});

function nameOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // closed meanwhile
  }
}

test('a folder is refused', async (t) => {
  await t.throwsAsync(new FollowSource('log', tmpdir()).start(new ListeningSink()), {
    code: 'SOURCE_UNREADABLE',
    message: `${tmpdir()} is a folder`,
  });
});
