/** What `snug run` does once a model is loaded: lines in, lines out, and every way to end. */
import { PassThrough, Writable } from 'node:stream';
import test from 'ava';
import { StdinSource } from '../../agent/sources/stdin.js';
import { runStream, type StreamOptions, summaryOf } from '../../src/cli/run-stream.js';
import { keywordModel } from '../agent/support/keyword-model.js';

function streaming(more: Partial<StreamOptions> = {}) {
  const input = new PassThrough();
  const out = new PassThrough({ highWaterMark: 1 << 20 });
  const said: string[] = [];
  const end = runStream({
    model: keywordModel(),
    sources: [{ source: new StdinSource('stdin', () => input) }],
    json: true,
    out,
    say: (line) => said.push(line),
    stopped: new Promise(() => {}),
    ...more,
  });
  const printed = () =>
    String(out.read() ?? '')
      .split('\n')
      .filter(Boolean);
  return { input, out, said, end, printed };
}

test('one JSON object a record, with exactly the fields of the contract', async (t) => {
  const { input, said, end, printed } = streaming();
  input.end('what is my balance\nhello\n');
  const { stats } = await end;
  const lines = printed().map((line) => JSON.parse(line));
  t.is(lines.length, 2);
  t.deepEqual(Object.keys(lines[0]), ['ts', 'source', 'seq', 'text', 'label', 'score', 'latencyMs', 'profile']);
  t.like(lines[0], {
    source: 'stdin',
    seq: 1,
    text: 'what is my balance',
    label: 'balance',
    score: 0.9,
    profile: 'w1.00-p0.00-q8',
  });
  t.like(lines[1], { seq: 2, label: 'none', refused: true });
  t.false(Number.isNaN(Date.parse(lines[0].ts)));
  t.deepEqual(said, ['ready']);
  t.is(summaryOf(stats, false), undefined);
  t.is(summaryOf(stats, true), 'snug: 2 records answered');
});

test('what was cut or repaired says so, in the line and in the summary', async (t) => {
  const { input, end, printed } = streaming();
  input.write('x'.repeat(100_000));
  input.end(Buffer.concat([Buffer.from('\nbad '), Buffer.of(0xff, 0x0a)]));
  const { stats } = await end;
  const [cut, bad] = printed().map((line) => JSON.parse(line));
  t.is(cut.text.length, 65_536);
  t.like(cut, { truncated: true });
  t.like(bad, { text: 'bad \ufffd', replaced: 1 });
  t.is(
    summaryOf(stats, false),
    'snug: 2 records answered, 1 cut at the length limit, 1 invalid sequences of bytes replaced',
  );
});

test('a line for people shows time, place, score, label and the text without control characters', async (t) => {
  const { input, end, printed } = streaming({ json: false });
  input.end('balance \u001b[31m\u009b\nweather\n');
  await end;
  const [first, second] = printed();
  t.regex(first, /^\d\d:\d\d:\d\d stdin#1 {2}0\.90 {2}balance {2}"balance \\u001b\[31m\\u009b"$/);
  t.regex(second, /^\d\d:\d\d:\d\d stdin#2 {2}0\.90 {2}weather {2}"weather"$/);
});

test('no input, no output', async (t) => {
  const { input, end, printed } = streaming();
  input.end();
  t.is((await end).stats.predicted, 0);
  t.deepEqual(printed(), []);
});

test('stopped by the user: all that was read is answered first', async (t) => {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const model = keywordModel();
  const { input, end, printed } = streaming({ stopped, model });
  const held = model.hold();
  input.write('one\ntwo\nthree without end');
  while (model.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop();
  held.release();
  await end;
  t.deepEqual(
    printed().map((line) => JSON.parse(line).text),
    ['one', 'two', 'three without end'],
  );
});

test('a reader that leaves ends it quietly; a full disk does not', async (t) => {
  const failing = (code: string) =>
    new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
  const endless = () => {
    const input = new PassThrough();
    const more = () => {
      while (!input.destroyed && input.write('what is my balance\n'.repeat(1000)));
    };
    input.on('drain', more);
    more();
    return input;
  };
  const quiet = endless();
  const sources = (input: PassThrough) => [{ source: new StdinSource('stdin', () => input) }];
  const { stats } = await streaming({ out: failing('EPIPE'), sources: sources(quiet) }).end;
  t.true(stats.predicted < 1000);
  t.true(quiet.destroyed);
  await t.throwsAsync(streaming({ out: failing('ENOSPC'), sources: sources(endless()) }).end, {
    code: 'OUTPUT_FAILED',
    message: /ENOSPC/,
  });
});

test('a slow reader holds the stream back', async (t) => {
  const out = new PassThrough({ highWaterMark: 100 });
  const model = keywordModel();
  const { input, end } = streaming({ out, model, maxBatch: 4 });
  input.end('what is my balance\n'.repeat(200));
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  t.true(model.calls.length <= 3, `${model.calls.length} batches ran ahead of the reader`);
  out.resume();
  t.is((await end).stats.predicted, 200);
});

test('a text that cannot be answered and a broken input are told of', async (t) => {
  const { input, said, end } = streaming();
  input.write('poison\n');
  while (said.length < 2) await new Promise((resolve) => setImmediate(resolve));
  input.destroy(new Error('EIO'));
  const { problem, stats } = await end;
  t.is(problem?.code, 'SOURCE_FAILED');
  t.is(stats.failed, 1);
  t.deepEqual(said.toSorted(), [
    'ready',
    'snug: stdin#1 could not be answered: the model chokes on poison',
    'snug: stdin: EIO',
  ]);
});
