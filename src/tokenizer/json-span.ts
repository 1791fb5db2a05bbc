/**
 * Finds one value in JSON text and reads a flat object of integers without building anything else. A tokenizer.json is almost all
 * vocabulary: parsed as usual, its 30,000 keys become heap that the process keeps long after they are garbage.
 */

/** Where a value lies in the bytes: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Thrown inside this file only: what was expected, and at which byte. */
class Unreadable extends Error {}

function skipSpace(bytes: Uint8Array, at: number): number {
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) throw new Unreadable(`expected a string at byte ${at}`);
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] === backslash) i++;
    else if (bytes[i] === quote) return i + 1;
  }
  throw new Unreadable(`the string that begins at byte ${at} does not end`);
}

/** Past the value at `at`; only strings and brackets are looked at, the rest is JSON.parse's to judge. */
function skipValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (let i = at; i < bytes.length; ) {
    const c = bytes[i];
    if (c === quote) i = skipString(bytes, i);
    else if (c === openBrace || c === openBracket) {
      depth++;
      i++;
      continue;
    } else if (c === closeBrace || c === closeBracket) {
      if (depth === 0) return i;
      depth--;
      i++;
    } else if (depth === 0 && c === comma) return i;
    else {
      i++;
      continue;
    }
    if (depth === 0) return i;
  }
  throw new Unreadable(`the value that begins at byte ${at} does not end`);
}

/** The value of `key` in the object at `at`, or undefined. */
function member(bytes: Uint8Array, at: number, key: string): Span | undefined {
  let i = skipSpace(bytes, at);
  if (bytes[i] !== openBrace) return undefined;
  i = skipSpace(bytes, i + 1);
  while (bytes[i] === quote) {
    const end = skipString(bytes, i);
    const found = Buffer.from(bytes.buffer, bytes.byteOffset + i + 1, end - i - 2).equals(Buffer.from(key));
    i = skipSpace(bytes, end);
    if (bytes[i] !== colon) throw new Unreadable(`expected ':' at byte ${i}`);
    const start = skipSpace(bytes, i + 1);
    const valueEnd = skipValue(bytes, start);
    if (found) return { start, end: valueEnd };
    i = skipSpace(bytes, valueEnd);
    if (bytes[i] === comma) i = skipSpace(bytes, i + 1);
  }
  return undefined;
}

/** Where the value at `path` (keys of nested objects) lies; undefined where there is none, or the text is no JSON. */
export function findValue(bytes: Uint8Array, path: readonly string[]): Span | undefined {
  try {
    let span: Span | undefined = { start: 0, end: bytes.length };
    for (const key of path) {
      span = member(bytes, span.start, key);
      if (span === undefined) return undefined;
    }
    return span;
  } catch (thrown) {
    if (thrown instanceof Unreadable) return undefined;
    throw thrown;
  }
}

/**
 * Reads an object whose values are all non-negative integers, key by key, in the order of the file.
 * @param take gets the bytes `[start, end)` of a key, unescaped, and its value
 * @returns what is wrong with the text and at which byte, or undefined
 */
export function readIntegers(
  bytes: Uint8Array,
  span: Span,
  take: (value: number, bytes: Uint8Array, start: number, end: number) => void,
): string | undefined {
  if (bytes[span.start] !== openBrace) return `expected an object at byte ${span.start}`;
  let i = skipSpace(bytes, span.start + 1);
  if (bytes[i] === closeBrace) return undefined;
  for (;;) {
    const keyStart = i;
    try {
      i = skipString(bytes, i);
    } catch (thrown) {
      if (thrown instanceof Unreadable) return thrown.message;
      throw thrown;
    }
    const keyEnd = i;
    i = skipSpace(bytes, i);
    if (bytes[i] !== colon) return `expected ':' at byte ${i}`;
    i = skipSpace(bytes, i + 1);
    const digits = i;
    let value = 0;
    for (; bytes[i] >= 0x30 && bytes[i] <= 0x39; i++) value = value * 10 + bytes[i] - 0x30;
    if (i === digits) return `expected a whole number at byte ${i}`;
    const fault = takeKey(bytes, keyStart, keyEnd, value, take);
    if (fault !== undefined) return fault;
    i = skipSpace(bytes, i);
    if (bytes[i] === closeBrace) return undefined;
    if (bytes[i] !== comma) return `expected ',' or '}' at byte ${i}`;
    i = skipSpace(bytes, i + 1);
  }
}

function takeKey(
  bytes: Uint8Array,
  start: number,
  end: number,
  value: number,
  take: (value: number, bytes: Uint8Array, start: number, end: number) => void,
): string | undefined {
  let escaped = false;
  for (let i = start; i < end && !escaped; i++) escaped = bytes[i] === backslash;
  if (!escaped) {
    take(value, bytes, start + 1, end - 1);
    return undefined;
  }
  try {
    const key: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
    const unescaped = Buffer.from(String(key), 'utf8');
    take(value, unescaped, 0, unescaped.length);
    return undefined;
  } catch {
    return `a string that is no JSON at byte ${start}`;
  }
}
