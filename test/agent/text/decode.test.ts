/** From bytes to text, by encoding. */
import test from 'ava';
import { Decoder } from '../../../agent/text/index.js';

const whole = (bytes: Buffer) => ({ bytes, cut: false });

test('Latin-1: every byte is a character', (t) => {
  const decoder = new Decoder('latin-1');
  t.deepEqual(decoder.decode(whole(Buffer.from([0x67, 0x72, 0xfc, 0xdf, 0x65]))), { text: 'grüße', replaced: 0 });
});

test('UTF-16 from either end; a byte-order mark at the start is no text', (t) => {
  const bytes = Buffer.from('\ufeffgrüße 👋', 'utf16le');
  t.deepEqual(new Decoder('utf-16le').decode(whole(bytes)), { text: 'grüße 👋', replaced: 0 });
  t.deepEqual(new Decoder('utf-16be').decode(whole(Buffer.from(bytes).swap16())), { text: 'grüße 👋', replaced: 0 });
});

test('UTF-16: half a pair and half a unit are replaced and counted', (t) => {
  const bytes = Buffer.concat([Buffer.from('a\ud83db', 'utf16le'), Buffer.from([0x41])]);
  t.deepEqual(new Decoder('utf-16le').decode(whole(bytes)), { text: 'a\ufffdb', replaced: 2 });
});

test('a cut record ends with a whole character', (t) => {
  const utf16 = Buffer.from('ab👋', 'utf16le');
  for (const end of [5, 6, 7])
    t.deepEqual(new Decoder('utf-16le').decode({ bytes: utf16.subarray(0, end), cut: true }), {
      text: 'ab',
      replaced: 0,
    });
  t.deepEqual(new Decoder().decode({ bytes: Buffer.from('ab€').subarray(0, 4), cut: true }), {
    text: 'ab',
    replaced: 0,
  });
});

test('white space alone is no record, in any encoding', (t) => {
  t.is(new Decoder('utf-16le').decode(whole(Buffer.from(' \t\u2003', 'utf16le'))), undefined);
  t.is(new Decoder('latin-1').decode(whole(Buffer.from([0x20, 0xa0]))), undefined);
});
