import type { ResultPrediction } from '../../src/protocol/index.js';
import { BYTES_A_MESSAGE, RECORDS_A_MESSAGE } from './live.js';

/** About the bytes of a prediction as JSON; its text exactly, for what is escaped may be six times as long. */
export function bytesOf({ text, labels }: ResultPrediction): number {
  return 160 + (text === undefined ? 0 : Buffer.byteLength(JSON.stringify(text))) + (labels?.length ?? 0) * 48;
}

/** At most a message's worth each. */
export function* portions(predictions: readonly ResultPrediction[]): Iterable<readonly ResultPrediction[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, prediction] of predictions.entries()) {
    const more = bytesOf(prediction);
    if (at > from && (at - from >= RECORDS_A_MESSAGE || bytes + more > BYTES_A_MESSAGE)) {
      yield predictions.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < predictions.length) yield predictions.slice(from);
}
