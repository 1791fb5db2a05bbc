import test from 'ava';
import { LineProcess, timedAsk } from '../../src/bench/line-process.js';
import { MemoryWatch, memoryOfTree, treeOf } from '../../src/bench/process-memory.js';
import { median, percentile } from '../../src/bench/statistics.js';
import { noneLabel, toTsv, uniqueTexts } from '../../src/bench/texts.js';

const node = (program: string) => new LineProcess({ command: process.execPath, args: ['-e', program] });

test('a line in, a line out, in order', async (t) => {
  const echo = node(
    `require('readline').createInterface({input: process.stdin}).on('line', (l) => console.log(l.toUpperCase()))`,
  );
  t.deepEqual(await Promise.all([echo.ask('one'), echo.ask('two')]), ['ONE', 'TWO']);
  const { answer, ms } = await timedAsk(echo, 'three');
  t.is(answer, 'THREE');
  t.true(ms > 0);
  await echo.end();
});

test('a program that ends before it answers is an error with what it said', async (t) => {
  const broken = node(`console.error('no such model'); process.exit(3)`);
  await t.throwsAsync(broken.ask('text'), { code: 'BENCH_CHILD', message: /ended with code 3: no such model/ });
  await t.throwsAsync(broken.ask('text'), { code: 'BENCH_CHILD' });
  await broken.end();
});

test('a program that does not exist is an error, not a hang', async (t) => {
  const missing = new LineProcess({ command: '/nonexistent/program', args: [] });
  await t.throwsAsync(missing.ask('text'), { code: 'BENCH_CHILD', message: /ENOENT/ });
  await missing.end();
});

test('memory counts a process and its children', async (t) => {
  const megabytes = 80;
  const parent = node(
    `const child = require('child_process').spawn(process.execPath, ['-e',
       'globalThis.kept = Buffer.alloc(${megabytes}e6, 1); console.log(1); process.stdin.resume()'], {stdio: ['pipe', 'inherit', 'inherit']});
     process.stdin.on('data', () => undefined).on('end', () => child.stdin.end());`,
  );
  const watch = new MemoryWatch(parent.pid);
  t.is(await parent.ask('start'), '1');
  t.true(treeOf(parent.pid).length >= 2);
  const now = memoryOfTree(parent.pid);
  t.true(now.anonBytes > megabytes * 1e6, `${now.anonBytes}`);
  t.true(now.rssBytes > now.anonBytes);
  watch.look();
  t.true(watch.stop().anonBytes >= now.anonBytes * 0.9);
  await parent.end();
  t.is(memoryOfTree(parent.pid).anonBytes, 0);
});

test('percentiles are values of the sample', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95), 10);
  t.is(percentile([1, 2, 3, 4], 0.5), 2);
  t.true(Number.isNaN(median([])));
});

test('texts come once each, the test split first, in the same order every time', (t) => {
  const rows = {
    train: [['turn it on', 'on']],
    eval: [
      ['what  time\tis it', 'time'],
      ['turn it on', 'on'],
    ],
    test: [
      ['play jazz', 'music'],
      ['play jazz', 'music'],
      ['who won', noneLabel],
    ],
  } as const;
  const texts = uniqueTexts(rows);
  t.deepEqual(texts.toSorted(), ['play jazz', 'turn it on', 'what time is it', 'who won']);
  t.deepEqual(texts.slice(0, 2).toSorted(), ['play jazz', 'who won']);
  t.deepEqual(uniqueTexts(rows), texts);
  t.is(toTsv(rows.eval), 'what time is it\ttime\nturn it on\ton\n');
});
