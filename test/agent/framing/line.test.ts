/** From bytes to lines, whatever the chunks are cut like. */
import test from 'ava';
import { LineFramer } from '../../../agent/framing/line.js';
import { Decoder } from '../../../agent/text/index.js';
import { randomSource } from '../support/random.js';

interface Line {
  readonly text: string;
  readonly cut: boolean;
  readonly replaced: number;
}

function frame(chunks: readonly (Buffer | string)[], limitBytes?: number): Line[] {
  const framer = new LineFramer(limitBytes);
  const decoder = new Decoder();
  const lines: Line[] = [];
  const takeAll = () => {
    for (let line = framer.next(); line !== undefined; line = framer.next()) {
      const decoded = decoder.decode(line);
      if (decoded !== undefined) lines.push({ ...decoded, cut: line.cut });
    }
  };
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    takeAll();
  }
  framer.flush();
  takeAll();
  return lines;
}

const texts = (lines: readonly Line[]) => lines.map((line) => line.text);

test('LF, CRLF, lone CR and the end of input each end a line', (t) => {
  t.deepEqual(texts(frame(['one\ntwo\r\nthree\rfour'])), ['one', 'two', 'three', 'four']);
});

test('CR at the end of a chunk ends the line at once, and a late LF adds none', (t) => {
  const framer = new LineFramer();
  framer.push(Buffer.from('one\r'));
  t.is(framer.next()?.bytes.toString(), 'one');
  t.is(framer.next(), undefined);
  framer.push(Buffer.from('\ntwo\n'));
  t.deepEqual(
    [framer.next(), framer.next()].map((each) => each?.bytes.toString()),
    ['', 'two'],
  );
  t.is(framer.next(), undefined);
});

test('blank lines are no records, a NUL is', (t) => {
  t.deepEqual(texts(frame(['\n\r\n  \t \na\0b\n\u00a0\n\0\n\u2003x\n'])), ['a\0b', '\0', '\u2003x']);
});

test('a character split over chunks stays whole', (t) => {
  const bytes = Buffer.from('grüße 👋🏽 مرحبا\nende\n');
  const oneByOne = [...bytes].map((byte) => Buffer.of(byte));
  t.deepEqual(frame(oneByOne), [
    { text: 'grüße 👋🏽 مرحبا', cut: false, replaced: 0 },
    { text: 'ende', cut: false, replaced: 0 },
  ]);
});

test('invalid UTF-8 is replaced and counted; a U+FFFD that was sent is not', (t) => {
  const [bad, good] = frame([Buffer.concat([Buffer.of(0x77, 0xff, 0xfe, 0x0a), Buffer.from('sent \ufffd\n')])]);
  t.deepEqual(bad, { text: 'w\ufffd\ufffd', cut: false, replaced: 2 });
  t.deepEqual(good, { text: 'sent \ufffd', cut: false, replaced: 0 });
});

test('a byte-order mark at the start is no text; one within is kept', (t) => {
  t.deepEqual(texts(frame(['\ufeffone\n\ufefftwo\n'])), ['one', '\ufefftwo']);
});

test('a line longer than the limit is cut, between characters, and the next one is whole', (t) => {
  for (const size of [3, 7, 1000]) {
    const bytes = Buffer.from(`${'ab€'.repeat(40)}\nnext\n`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    t.deepEqual(frame(chunks, 18), [
      { text: 'ab€ab€ab€ab', cut: true, replaced: 0 },
      { text: 'next', cut: false, replaced: 0 },
    ]);
  }
});

test('a line of exactly the limit is not cut', (t) => {
  t.deepEqual(frame(['12345678', '\n123456789\n'], 8), [
    { text: '12345678', cut: false, replaced: 0 },
    { text: '12345678', cut: true, replaced: 0 },
  ]);
});

test('a record of 100 MB is cut in constant memory', (t) => {
  const framer = new LineFramer();
  const chunk = Buffer.alloc(1 << 20, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100; i++) {
    framer.push(chunk);
    t.is(framer.next(), undefined);
  }
  t.true(process.memoryUsage().arrayBuffers - before < 1 << 20);
  framer.push(Buffer.from('\nnext\n'));
  const cut = framer.next();
  t.is(cut?.bytes.length, 65_536);
  t.true(cut?.cut);
  t.is(framer.next()?.bytes.toString(), 'next');
});

/** The plain way: all bytes at once, no limit. */
function plainLines(bytes: Buffer): string[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
}

test('random bytes in random chunks give the same lines as all at once', (t) => {
  const pieces = [
    '\n',
    '\r',
    '\r\n',
    ' ',
    'a',
    'word',
    'ß',
    '€',
    '👋',
    '\0',
    '\ufffd',
    Buffer.of(0xff),
    Buffer.of(0xe2, 0x82),
    Buffer.of(0xf0),
  ];
  for (let seed = 1; seed <= 400; seed++) {
    const random = randomSource(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const bytes = Buffer.concat(Array.from({ length: below(60) }, () => Buffer.from(pieces[below(pieces.length)])));
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + below(12);
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    const lines = frame(chunks);
    t.deepEqual(texts(lines), plainLines(bytes), `seed ${seed}`);
    for (const { text, replaced } of lines) t.true(replaced <= text.split('\ufffd').length - 1, `seed ${seed}`);
  }
});
