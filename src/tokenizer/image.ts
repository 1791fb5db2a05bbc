/**
 * A tokenizer as one block of bytes that is read as it lies: scanning tokenizer.json takes longer than all else that a warm start
 * does. Made on the machine that reads it (its byte order), and kept beside the profiles in the cache.
 */
import { createHash } from 'node:crypto';
import type { Tokenizer } from './types.js';
import { Vocabulary } from './vocabulary.js';
import { type WordPieceScheme, WordPieceTokenizer } from './word-piece.js';

/** Raised with every change of the layout or of what the scheme means. */
export const IMAGE_VERSION = 1;

const HASH_BYTES = 32;

interface Header {
  readonly scheme: Omit<WordPieceScheme, 'vocabulary'>;
  readonly size: number;
  readonly longestBytes: number;
  readonly ids: number;
  readonly slots: number;
  readonly wideSlots: boolean;
  readonly pieceBytes: number;
}

const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;
const bytesOf = (array: Uint8Array | Uint16Array | Uint32Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The image of a tokenizer, or undefined where it is none of ours. */
export function imageOf(tokenizer: Tokenizer): Uint8Array | undefined {
  if (!(tokenizer instanceof WordPieceTokenizer)) return undefined;
  const { vocabulary, ...scheme } = tokenizer.scheme;
  const { bytes, starts, lengths, slots, size, longestBytes } = vocabulary.tables();
  const header: Header = {
    scheme,
    size,
    longestBytes,
    ids: starts.length,
    slots: slots.length,
    wideSlots: slots instanceof Uint32Array,
    pieceBytes: bytes.length,
  };
  const text = Buffer.from(JSON.stringify(header));
  const content = new Uint8Array(4 + padded(text.length) + 8 * starts.length + padded(slots.byteLength) + bytes.length);
  new Uint32Array(content.buffer, 0, 1)[0] = text.length;
  let at = 4;
  for (const part of [text, bytesOf(starts), bytesOf(lengths), bytesOf(slots), bytes]) {
    content.set(part, at);
    at += padded(part.length);
  }
  return Buffer.concat([createHash('sha256').update(content).digest(), content]);
}

/** The tokenizer of an image, or undefined where its bytes are not those that were written. */
export function fromImage(image: Uint8Array, maxTokens: number): Tokenizer | undefined {
  const content = Uint8Array.from(image.subarray(HASH_BYTES)); // at offset 0 of a buffer of its own: aligned
  const hash = createHash('sha256').update(content).digest();
  if (content.length < 4 || !hash.equals(image.subarray(0, HASH_BYTES))) return undefined;
  const [length] = new Uint32Array(content.buffer, 0, 1);
  const header: Header = JSON.parse(Buffer.from(content.buffer, 4, length).toString());
  const { scheme, size, longestBytes, ids, slots, wideSlots, pieceBytes } = header;
  let at = 4 + padded(length);
  const take = (bytes: number) => {
    at += padded(bytes);
    return at - padded(bytes);
  };
  const starts = new Uint32Array(content.buffer, take(4 * ids), ids);
  const lengths = new Uint32Array(content.buffer, take(4 * ids), ids);
  const slotsAt = take(slots * (wideSlots ? 4 : 2));
  const table = wideSlots
    ? new Uint32Array(content.buffer, slotsAt, slots)
    : new Uint16Array(content.buffer, slotsAt, slots);
  const pieces = new Uint8Array(content.buffer, at, pieceBytes);
  const vocabulary = new Vocabulary(pieces, starts, lengths, { slots: table, size, longestBytes });
  return new WordPieceTokenizer({ ...scheme, vocabulary }, maxTokens);
}
