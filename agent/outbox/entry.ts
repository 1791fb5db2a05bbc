/**
 * What the outbox holds, and how it is written down. A key says what the bounds need, so that counting reads no values:
 * `r000000000001234:32:2048:1767225600` is result 1234 with 32 records in 2,048 bytes, put there at that second. A value begins with
 * a checksum: a bit that flipped on the card is found, and never published.
 */
import { crc32 } from 'node:zlib';
import type { LabelCounts, ResultPrediction } from '../../src/protocol/index.js';

export type EntryKind = 'result' | 'event' | 'telemetry';

/** What stands in a key. */
export interface EntryKey {
  readonly kind: EntryKind;
  /** Rises with every entry of the outbox, over restarts too. */
  readonly number: number;
  readonly records: number;
  readonly bytes: number;
  readonly atS: number;
}

/** What is published of one source: predictions, or the counts of a window. */
export interface StoredResult {
  readonly source: string;
  readonly predictions: readonly ResultPrediction[];
  readonly counts?: LabelCounts;
}

const letters: Record<EntryKind, string> = { result: 'r', event: 'e', telemetry: 't' };
const DIGITS = 15;

/** The first key that a kind may have, and one behind its last. */
export function rangeOf(kind: EntryKind): { readonly gte: string; readonly lt: string } {
  return { gte: letters[kind], lt: `${letters[kind]}:` };
}

export function keyOf({ kind, number, records, bytes, atS }: EntryKey): string {
  return `${letters[kind]}${String(number).padStart(DIGITS, '0')}:${records}:${bytes}:${atS}`;
}

/** A key taken apart; undefined where it is none of an entry. */
export function parseKey(key: string): EntryKey | undefined {
  const kind = (Object.keys(letters) as EntryKind[]).find((each) => key.startsWith(letters[each]));
  const numbers = /^\w(\d+):(\d+):(\d+):(\d+)$/.exec(key)?.slice(1).map(Number);
  if (kind === undefined || numbers === undefined) return undefined;
  const [number, records, bytes, atS] = numbers;
  return { kind, number, records, bytes, atS };
}

/** A value with its checksum in front. */
export function sealed(value: unknown): string {
  const text = JSON.stringify(value);
  return `${crc32(text).toString(16).padStart(8, '0')}${text}`;
}

/** What was sealed; undefined where the checksum does not match. */
export function unsealed(text: string): unknown {
  const json = text.slice(8);
  if (crc32(json).toString(16).padStart(8, '0') !== text.slice(0, 8)) return undefined;
  return JSON.parse(json);
}
