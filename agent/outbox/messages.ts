/** Records as the messages that a connection takes: one, or several where one would be too long. */
import type { ResultPrediction } from '../../src/protocol/index.js';

export interface Message {
  readonly payload: string;
  readonly predictions: readonly ResultPrediction[];
}

export interface Messages {
  /** In the order of their records. */
  readonly messages: readonly Message[];
  /** Records that are too long by themselves. */
  readonly tooLong: readonly ResultPrediction[];
}

/** @param mostBytes of a payload, in UTF-8 */
export function messagesOf(
  predictions: readonly ResultPrediction[],
  mostBytes: number,
  encode: (predictions: readonly ResultPrediction[]) => string,
): Messages {
  const payload = encode(predictions);
  // A character has three bytes at most, so that most payloads need not be measured.
  if (payload.length <= mostBytes / 3 || Buffer.byteLength(payload) <= mostBytes)
    return { messages: [{ payload, predictions }], tooLong: [] };
  if (predictions.length <= 1) return { messages: [], tooLong: predictions };
  const middle = predictions.length >> 1;
  const halves = [predictions.slice(0, middle), predictions.slice(middle)].map((half) =>
    messagesOf(half, mostBytes, encode),
  );
  return {
    messages: halves.flatMap(({ messages }) => messages),
    tooLong: halves.flatMap(({ tooLong }) => tooLong),
  };
}
