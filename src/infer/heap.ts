/** Keeps the process small. */
import { setFlagsFromString } from 'node:v8';

/**
 * Stops the young generation at the size it starts with, before it grows: an answer leaves a few kilobytes of garbage, so the
 * default of up to 16 MB buys nothing and costs 5 MB of anonymous memory. The old generation is collected when it has grown by
 * two fifths: V8 would let it double or more before it looks, and a flooded queue fills it with records that were dropped. For
 * processes that answer texts, not for builds.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
