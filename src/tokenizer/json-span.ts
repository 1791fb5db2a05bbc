/**
 * Finds one value in JSON text and reads a flat object of integers without building anything else. A tokenizer.json is almost all
 * vocabulary: parsed as usual, its 30,000 keys become heap that the process keeps long after they are garbage.
 */

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

/** Where the value of `key` in the object at `at` begins, or -1. */
function member(bytes: Uint8Array, at: number, key: string): number {
  let i = skipSpace(bytes, at);
  if (bytes[i] !== openBrace) return -1;
  i = skipSpace(bytes, i + 1);
  while (bytes[i] === quote) {
    const end = skipString(bytes, i);
    const found = Buffer.from(bytes.buffer, bytes.byteOffset + i + 1, end - i - 2).equals(Buffer.from(key));
    i = skipSpace(bytes, end);
    if (bytes[i] !== colon) throw new Unreadable(`expected ':' at byte ${i}`);
    i = skipSpace(bytes, i + 1);
    if (found) return i;
    i = skipSpace(bytes, skipValue(bytes, i));
    if (bytes[i] === comma) i = skipSpace(bytes, i + 1);
  }
  return -1;
}

/** Where the object at `path` (keys of nested objects) begins; -1 where there is none, or the text is no JSON. */
export function findObject(bytes: Uint8Array, path: readonly string[]): number {
  try {
    let at = 0;
    for (const key of path) {
      at = member(bytes, at, key);
      if (at < 0) return -1;
    }
    return bytes[at] === openBrace ? at : -1;
  } catch (thrown) {
    if (thrown instanceof Unreadable) return -1;
    throw thrown;
  }
}

/** Takes a key as its bytes `[start, end)`, unescaped, and its value. */
type TakeInteger = (value: number, bytes: Uint8Array, start: number, end: number) => void;

/**
 * Reads an object whose values are all non-negative integers, key by key, in the order of the file.
 * @returns where the object ends; or what is wrong with it and at which byte
 */
export function readIntegers(bytes: Uint8Array, at: number, take: TakeInteger): number | string {
  try {
    return readMembers(bytes, at, take);
  } catch (thrown) {
    if (thrown instanceof Unreadable) return thrown.message;
    throw thrown;
  }
}

function readMembers(bytes: Uint8Array, at: number, take: TakeInteger): number {
  if (bytes[at] !== openBrace) throw new Unreadable(`expected an object at byte ${at}`);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === closeBrace) return i + 1;
  for (;;) {
    const key = i;
    i = skipString(bytes, i);
    const keyEnd = i;
    i = skipSpace(bytes, i);
    if (bytes[i] !== colon) throw new Unreadable(`expected ':' at byte ${i}`);
    i = skipSpace(bytes, i + 1);
    const digits = i;
    let value = 0;
    for (; bytes[i] >= 0x30 && bytes[i] <= 0x39; i++) value = value * 10 + bytes[i] - 0x30;
    if (i === digits) throw new Unreadable(`expected a whole number at byte ${i}`);
    takeKey(bytes, key, keyEnd, value, take);
    i = skipSpace(bytes, i);
    if (bytes[i] === closeBrace) return i + 1;
    if (bytes[i] !== comma) throw new Unreadable(`expected ',' or '}' at byte ${i}`);
    i = skipSpace(bytes, i + 1);
  }
}

function takeKey(bytes: Uint8Array, start: number, end: number, value: number, take: TakeInteger): void {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== backslash) continue;
    let key: string;
    try {
      key = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
    } catch {
      throw new Unreadable(`a string that is no JSON at byte ${start}`);
    }
    const unescaped = Buffer.from(key, 'utf8');
    take(value, unescaped, 0, unescaped.length);
    return;
  }
  take(value, bytes, start + 1, end - 1);
}
