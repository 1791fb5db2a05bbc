/** From a record's bytes to its text. What is invalid becomes U+FFFD and is counted; NULs are kept. */
import type { Encoding, Frame } from '../framing/index.js';

export interface Decoded {
  readonly text: string;
  /** Invalid sequences that became U+FFFD. */
  readonly replaced: number;
}

/** Decodes the records of one stream, whose start may have a byte-order mark. */
export class Decoder {
  #atStart = true;

  constructor(private readonly encoding: Encoding = 'utf-8') {}

  /** What comes is another stream. */
  restart(): void {
    this.#atStart = true;
  }

  /** Undefined where the record is blank: no text but white space. A record that was cut is none. */
  decode({ bytes, cut }: Frame): Decoded | undefined {
    const atStart = this.#atStart;
    this.#atStart = false;
    const decoded =
      this.encoding === 'utf-8'
        ? utf8(bytes, cut, atStart)
        : this.encoding === 'latin-1'
          ? { text: bytes.toString('latin1'), replaced: 0 }
          : utf16(bytes, cut, atStart, this.encoding);
    return !cut && isBlank(decoded.text) ? undefined : decoded;
  }
}

function utf8(bytes: Buffer, cut: boolean, atStart: boolean): Decoded {
  const start = atStart && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const end = cut ? wholeCharacters(bytes, start) : bytes.length;
  const text = bytes.toString('utf8', start, end);
  return { text, replaced: text.includes('\ufffd') ? countReplaced(text, bytes.subarray(start, end)) : 0 };
}

function utf16(bytes: Buffer, cut: boolean, atStart: boolean, encoding: 'utf-16le' | 'utf-16be'): Decoded {
  const whole = bytes.length - (bytes.length % 2);
  const units = Buffer.from(bytes.subarray(0, whole));
  if (encoding === 'utf-16be') units.swap16();
  let text = units.toString('utf16le');
  if (atStart && text.startsWith('\ufeff')) text = text.slice(1);
  if (cut && /[\ud800-\udbff]$/.test(text)) text = text.slice(0, -1);
  const odd = whole < bytes.length && !cut ? 1 : 0;
  const lone = text.match(/\p{Surrogate}/gu)?.length ?? 0;
  return { text: lone > 0 ? text.replace(/\p{Surrogate}/gu, '\ufffd') : text, replaced: lone + odd };
}

function isBlank(text: string): boolean {
  // The first test spares the rest for nearly every line.
  return !(text.charCodeAt(0) > 0x20 && text.charCodeAt(0) < 0x7f) && text.trim() === '';
}

/** The largest end at which no character is cut in two; a sequence that is invalid anyway stays as it is. */
function wholeCharacters(bytes: Buffer, from: number): number {
  const to = bytes.length;
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back];
    if (byte < 0x80) return to;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? to - back : to;
    }
  }
  return to;
}

/** U+FFFD in the text less those that the sender wrote as such (EF BF BD). */
function countReplaced(text: string, bytes: Buffer): number {
  let count = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count++;
  for (let at = bytes.indexOf('\ufffd'); at >= 0; at = bytes.indexOf('\ufffd', at + 3)) count--;
  return count;
}
