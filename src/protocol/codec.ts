/** From bytes to checked messages and back. */
import type { z as zod } from 'zod';
import { SnugError } from '../errors/index.js';
import { type MessageKind, messages, type Payloads } from './messages.js';

/** Longer messages are not read. */
export const MESSAGE_LIMIT_BYTES = 256 * 1024;

/** Where a checked value is wrong, one line an issue: `arguments.count: …`. At most five are named. */
export function placesOf(error: zod.ZodError): string {
  const places = error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message));
  if (places.length > 5) places.splice(5, places.length, `and ${places.length - 5} more`);
  return places.join('; ');
}

/** JSON text to a checked message of one kind. Throws `MESSAGE_INVALID`, which names the places that are wrong. */
export function decode<K extends MessageKind>(kind: K, payload: Uint8Array): Payloads[K] {
  if (payload.byteLength > MESSAGE_LIMIT_BYTES)
    throw new SnugError(
      'MESSAGE_INVALID',
      `${kind} message of ${payload.byteLength} bytes; at most ${MESSAGE_LIMIT_BYTES} are read`,
    );
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new SnugError('MESSAGE_INVALID', `${kind} message is not JSON in UTF-8`, { cause });
  }
  const parsed = messages[kind].safeParse(value);
  if (!parsed.success) throw new SnugError('MESSAGE_INVALID', `${kind} message: ${placesOf(parsed.error)}`);
  return parsed.data as Payloads[K];
}

/** A message of one kind as JSON text. Throws `MESSAGE_INVALID` where it breaks the contract. */
export function encode<K extends MessageKind>(kind: K, payload: Payloads[K]): string {
  const parsed = messages[kind].safeParse(payload);
  if (!parsed.success) throw new SnugError('MESSAGE_INVALID', `${kind} message: ${placesOf(parsed.error)}`);
  return JSON.stringify(payload);
}

/** A result message, unchecked but for its type: this is the hot path. */
export function encodeResult(
  ts: string,
  session: number,
  result: Pick<Payloads['result'], 'predictions' | 'counts' | 'historical'>,
): string {
  return JSON.stringify({ v: 1, ts, session, ...result });
}
