/** Random streams in random chunks: what a framer gives depends on the bytes alone, and reading can go on behind any record. */
import test from 'ava';
import fc from 'fast-check';
import { createFramer, type FramingChoice } from '../../../agent/framing/index.js';
import { seedsOf } from '../support/seeds.js';

const choices: Readonly<Record<string, FramingChoice>> = {
  lines: {},
  'lines of UTF-16': { encoding: 'utf-16le' },
  'a delimiter': { framing: { by: 'delimiter', delimiter: 'aba' } },
  'a length': { framing: { by: 'length', prefixBytes: 1 } },
  'octet counts': { framing: { by: 'octet-count' } },
  'a beginning': { framing: { by: 'pattern', start: '^<\\d' } },
  'an end': { framing: { by: 'pattern', end: 'a\\n?b' } },
  whole: { framing: { by: 'whole' } },
};

interface Framed {
  readonly bytes: string;
  readonly cut: boolean;
  /** Bytes of the stream up to the record's end, and beyond what ends it. */
  readonly end: number;
}

function frame(choice: FramingChoice, chunks: readonly Buffer[]): Framed[] {
  const framer = createFramer({ ...choice, recordLimitBytes: 32 });
  const frames: Framed[] = [];
  let before = 0;
  const takeAll = (total: number) => {
    for (let each = framer.next(); each !== undefined; each = framer.next())
      frames.push({ bytes: each.bytes.toString('hex'), cut: each.cut, end: total + framer.used });
  };
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    framer.push(lent);
    takeAll(before);
    lent.fill(0xee); // the framer must not look at it any more
    before += chunk.length;
  }
  framer.flush();
  for (let each = framer.next(); each !== undefined; each = framer.next())
    frames.push({ bytes: each.bytes.toString('hex'), cut: each.cut, end: before });
  return frames;
}

/** Bytes among which ends of records are likely. */
const stream = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', 'a', 'b', 'aba', '<1', '5 ', '12 ', '\0', ' ', 'n\0', '\n\0', '\r\0'),
      fc.uint8Array({ minLength: 1, maxLength: 3 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))));
const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    chunks.push(bytes.subarray(at, at + sizes[n % sizes.length]));
    at += sizes[n % sizes.length];
  }
  return chunks;
}

for (const [name, choice] of Object.entries(choices)) {
  test(`by ${name}: the same records whatever the chunks are`, (t) => {
    const property = fc.property(stream, cuts, (bytes, sizes) => {
      const whole = frame(choice, [bytes]).map(({ bytes: each, cut: isCut }) => [each, isCut]);
      const inParts = frame(choice, cut(bytes, sizes)).map(({ bytes: each, cut: isCut }) => [each, isCut]);
      t.deepEqual(inParts, whole);
    });
    for (const seed of seedsOf(`framing by ${name}`)) fc.assert(property, { numRuns: 150, ...seed });
    t.pass();
  });

  if (name !== 'whole')
    test(`by ${name}: read on behind any record, the rest comes as it would have`, (t) => {
      const property = fc.property(stream, cuts, fc.nat(), (bytes, sizes, pick) => {
        const frames = frame(choice, cut(bytes, sizes));
        if (frames.length === 0) return;
        const at = pick % frames.length;
        const { end } = frames[at];
        t.true(end >= 0 && end <= bytes.length);
        const rest = frame(choice, [bytes.subarray(end)]).filter((each) => each.bytes !== '');
        const wanted = frames.slice(at + 1).filter((each) => each.bytes !== '');
        t.deepEqual(
          rest.map((each) => [each.bytes, each.cut]),
          wanted.map((each) => [each.bytes, each.cut]),
        );
      });
      for (const seed of seedsOf(`resume by ${name}`)) fc.assert(property, { numRuns: 150, ...seed });
      t.pass();
    });
}
