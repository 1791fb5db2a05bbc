/** Lines of a stream, however its bytes are cut. */
import { Readable } from 'node:stream';
import test from 'ava';
import { linesOf } from '../../src/cli/lines.js';

async function lines(
  chunks: Iterable<Uint8Array> | Readable,
  stopped = new AbortController().signal,
): Promise<string[]> {
  const found: string[] = [];
  for await (const line of linesOf(Readable.from(chunks), stopped)) found.push(line);
  return found;
}

const text = Buffer.from('a\r\n\r\nb\rüc👋🏽\n\n\u2028d\r\r\n\ne');
const wanted = ['a', '', 'b', 'üc👋🏽', '', '\u2028d', '', '', 'e'];

test('cut anywhere, the lines are the same', async (t) => {
  for (let at = 0; at <= text.length; at++)
    t.deepEqual(await lines([text.subarray(0, at), text.subarray(at)]), wanted, `cut at ${at}`);
  t.deepEqual(await lines(Array.from(text, (byte) => Buffer.of(byte))), wanted);
});

test('nothing, one newline, no newline', async (t) => {
  t.deepEqual(await lines([]), []);
  t.deepEqual(await lines([Buffer.from('\n')]), ['']);
  t.deepEqual(await lines([Buffer.from('\r\n')]), ['']);
  t.deepEqual(await lines([Buffer.from('a')]), ['a']);
});

test('invalid and unfinished UTF-8 is replaced', async (t) => {
  t.deepEqual(await lines([Buffer.of(0x61, 0xff, 0x0a, 0xf0, 0x9f)]), ['a\ufffd', '\ufffd']);
});

test('a stop ends it with what was read', async (t) => {
  const stop = new AbortController();
  const source = new Readable({ read: () => undefined });
  source.push('one\ntwo\nthr');
  const found: string[] = [];
  for await (const line of linesOf(source, stop.signal)) {
    found.push(line);
    if (line === 'two') stop.abort();
  }
  t.deepEqual(found, ['one', 'two', 'thr']);
  t.true(source.destroyed);
});

test('a stream that fails says so', async (t) => {
  const source = new Readable({
    read() {
      this.destroy(new Error('the device has gone'));
    },
  });
  await t.throwsAsync(lines(source), { message: 'the device has gone' });
});
