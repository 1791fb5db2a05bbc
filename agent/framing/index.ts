/** From bytes to records: ways of framing, each behind the interface in framer.ts. */
import { compilePattern } from '../text/pattern.js';
import { DEFAULT_RECORD_LIMIT_BYTES, type Framer } from './framer.js';
import { binaryPrefix, LengthPrefixFramer, octetCount } from './length-prefix.js';
import { LineFramer } from './line.js';
import { delimiterSearch, patternSearch, SearchFramer } from './search.js';
import { WholeFramer } from './whole.js';

export { DEFAULT_RECORD_LIMIT_BYTES, type Frame, type Framer } from './framer.js';

export type Encoding = 'utf-8' | 'latin-1' | 'utf-16le' | 'utf-16be';

/** What ends a record; the keys that go with each are checked in options.ts. */
export interface Framing {
  /** `octet-count`: syslog over TCP, by length or by line as each message begins (RFC 6587). */
  readonly by: 'line' | 'delimiter' | 'length' | 'pattern' | 'silence' | 'whole' | 'octet-count';
  readonly delimiter?: string;
  readonly prefixBytes?: 1 | 2 | 4;
  readonly order?: 'big' | 'little';
  readonly start?: string;
  readonly end?: string;
  readonly silenceMs?: number;
}

export interface FramingChoice {
  /** Default: lines. */
  readonly framing?: Framing;
  /** Default: UTF-8. */
  readonly encoding?: Encoding;
  /** Default: 64 KiB. */
  readonly recordLimitBytes?: number;
}

const LF = 0x0a;
const DEFAULT_SILENCE_MS = 1000;

/** A framer for one stream of bytes. */
export function createFramer(choice: FramingChoice): Framer {
  const { framing = { by: 'line' }, encoding = 'utf-8', recordLimitBytes = DEFAULT_RECORD_LIMIT_BYTES } = choice;
  const step = isWide(encoding) ? 2 : 1;
  const delimited = (...delimiters: string[]) =>
    new SearchFramer(
      delimiterSearch(
        delimiters.map((each) => encoded(each, encoding)),
        step,
      ),
      recordLimitBytes,
    );
  switch (framing.by) {
    case 'line':
      return step === 1 ? new LineFramer(recordLimitBytes) : delimited('\n', '\r');
    case 'delimiter':
      return delimited(framing.delimiter ?? '\n');
    case 'length':
      return new LengthPrefixFramer(binaryPrefix(framing.prefixBytes ?? 4, framing.order ?? 'big'), recordLimitBytes);
    case 'octet-count':
      return new LengthPrefixFramer(octetCount, recordLimitBytes, LF);
    case 'pattern': {
      const pattern = compilePattern(framing.start ?? framing.end ?? '$');
      const where = framing.start === undefined ? 'end' : 'start';
      const search = patternSearch(where, (text, from) => pattern.find(text, from));
      return new SearchFramer(search, recordLimitBytes);
    }
    case 'silence':
    case 'whole':
      return new WholeFramer(recordLimitBytes);
  }
}

/** So long without a byte ends a record; undefined where silence means nothing. */
export function silenceMs({ framing }: FramingChoice): number | undefined {
  if (framing?.by === 'silence' || (framing?.by === 'pattern' && framing.start !== undefined))
    return framing.silenceMs ?? DEFAULT_SILENCE_MS;
  return undefined;
}

/** True where every line of a stream ends with a byte of its own, CR or LF. */
export function endsWithByte({ framing, encoding = 'utf-8' }: FramingChoice): boolean {
  return (framing?.by ?? 'line') === 'line' && !isWide(encoding);
}

function isWide(encoding: Encoding): boolean {
  return encoding === 'utf-16le' || encoding === 'utf-16be';
}

function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === 'latin-1') return Buffer.from(text, 'latin1');
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}
