/** Every way of framing, by example. */
import test from 'ava';
import { createFramer, type FramingChoice } from '../../../agent/framing/index.js';

/** The records of chunks, with what the flush brings; a cut one has `…` at its end. */
function frame(choice: FramingChoice, ...chunks: readonly (Buffer | string)[]): string[] {
  const framer = createFramer(choice);
  const frames: string[] = [];
  const takeAll = () => {
    for (let each = framer.next(); each !== undefined; each = framer.next())
      frames.push(each.bytes.toString('latin1') + (each.cut ? '…' : ''));
  };
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    takeAll();
  }
  framer.flush();
  takeAll();
  return frames;
}

test('by delimiter: of any length, also where it is torn apart', (t) => {
  const choice: FramingChoice = { framing: { by: 'delimiter', delimiter: '<end>' } };
  t.deepEqual(frame(choice, 'one<end>two<e', 'nd>thr<e', 'e<end', '>'), ['one', 'two', 'thr<ee']);
  t.deepEqual(frame({ framing: { by: 'delimiter', delimiter: '\0' } }, 'a\n\0b'), ['a\n', 'b']);
});

test('by delimiter: a long record is cut, and what follows is whole', (t) => {
  const choice: FramingChoice = { framing: { by: 'delimiter', delimiter: '||' }, recordLimitBytes: 16 };
  t.deepEqual(frame(choice, 'x'.repeat(40), 'y'.repeat(40), '||next||'), [`${'x'.repeat(16)}…`, 'next']);
});

test('by length: a number of one, two or four bytes, from either end', (t) => {
  const chunk = Buffer.from([0, 3, 0x61, 0x62, 0x63, 0, 0, 0, 1, 0x64]);
  t.deepEqual(frame({ framing: { by: 'length', prefixBytes: 2 } }, chunk), ['abc', '', 'd']);
  t.deepEqual(frame({ framing: { by: 'length', prefixBytes: 1 } }, Buffer.from([2, 0x61, 0x62])), ['ab']);
  t.deepEqual(
    frame(
      { framing: { by: 'length', prefixBytes: 4, order: 'little' } },
      Buffer.from([2, 0]),
      Buffer.from([0, 0, 0x61]),
      'b',
    ),
    ['ab'],
  );
});

test('by length: one that announces 4 GB is cut in the limit’s memory, and the stream goes on behind it', (t) => {
  const choice: FramingChoice = { framing: { by: 'length', prefixBytes: 4 }, recordLimitBytes: 16 };
  t.deepEqual(frame(choice, Buffer.from([0, 0, 0, 20]), 'x'.repeat(20), Buffer.from([0, 0, 0, 1]), 'y'), [
    `${'x'.repeat(16)}…`,
    'y',
  ]);
  t.deepEqual(frame(choice, Buffer.from([255, 255, 255, 255]), 'x'.repeat(50)), [`${'x'.repeat(16)}…`]);
});

test('syslog over TCP: by count and by line, in one stream', (t) => {
  const choice: FramingChoice = { framing: { by: 'octet-count' } };
  t.deepEqual(frame(choice, '5 <1>ab6 <2>c\nd<3>by line\n4 <4>e'), ['<1>ab', '<2>c\nd', '<3>by line', '<4>e']);
  t.deepEqual(frame(choice, '1', '2', ' hello world!', 'x\n'), ['hello world!', 'x']);
  t.deepEqual(frame(choice, '<34>a line\n<35>another', '\n'), ['<34>a line', '<35>another']);
  t.deepEqual(frame(choice, '123456789012 no count\n'), ['123456789012 no count']);
});

test('by pattern: a record begins, or ends, where it matches', (t) => {
  const begins: FramingChoice = { framing: { by: 'pattern', start: '^\\d{4}-\\d\\d' } };
  t.deepEqual(frame(begins, '2026-01 one\n  more\n2026-', '02 two 2026-03\n2026-04'), [
    '2026-01 one\n  more\n',
    '2026-02 two 2026-03\n',
    '2026-04',
  ]);
  const ends: FramingChoice = { framing: { by: 'pattern', end: '(OK|ERROR)\\r\\n' } };
  t.deepEqual(frame(ends, 'T=20\r\nOK', '\r\nwhat?\r\nERROR\r\nrest'), [
    'T=20\r\nOK\r\n',
    'what?\r\nERROR\r\n',
    'rest',
  ]);
});

test('by pattern: ^ means the beginning of a line, not of what happened to come', (t) => {
  const choice: FramingChoice = { framing: { by: 'pattern', start: '^#' } };
  const long = 'x'.repeat(9000);
  t.deepEqual(frame(choice, `#${long}`, '#not', '\n#second'), [`#${long}#not\n`, '#second']);
});

test('whole, and by silence: up to the flush', (t) => {
  t.deepEqual(frame({ framing: { by: 'whole' } }, 'one\n', 'two\n'), ['one\ntwo\n']);
  t.deepEqual(frame({ framing: { by: 'silence', silenceMs: 5 }, recordLimitBytes: 16 }, 'x'.repeat(20)), [
    `${'x'.repeat(16)}…`,
  ]);
});

test('lines of UTF-16: a byte that only looks like a line’s end ends none', (t) => {
  const text = 'ab\nĊ਀c\r\nd'; // U+010A and U+0A00 have a byte of LF
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    const bytes = Buffer.from(text, 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    for (const cut of [1, 2, 3, 5]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, i) =>
        bytes.subarray(i * cut, (i + 1) * cut),
      );
      const decoded = frame({ encoding }, ...chunks).map((each) => {
        const frameBytes = Buffer.from(each, 'latin1');
        return (encoding === 'utf-16be' ? frameBytes.swap16() : frameBytes).toString('utf16le');
      });
      t.deepEqual(decoded, ['ab', 'Ċ਀c', '', 'd'], `${encoding} in chunks of ${cut}`);
    }
  }
});
