/** Draws the masks of dropout. They are inputs of the graphs, so the same seed drops the same numbers. */

import { CLASSIFY_DROP, EMBED_DROP, LAYER_DROPS } from '../model/gradient/index.js';
import type { LayerShape } from '../model/index.js';
import type { Batch } from './batch.js';
import type { SeededRandom } from './random.js';
import type { Slice } from './slice.js';

/** Masks by name (`layerDrop` for those of layers), 1 where a number survives, and what survivors are multiplied by. */
export interface Drops {
  readonly keep: number;
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

export const layerDrop = (layer: number, name: string) => `${layer}.${name}`;

/** One in 256 is the finest step of a rate: a mask takes a byte of randomness a number. */
const STEPS = 256;

/** Memory that the masks of one run after the other are drawn into. */
export class DropRoom {
  private words = new Uint32Array(0);

  take(count: number): Uint32Array {
    if (this.words.length < count) this.words = new Uint32Array(count);
    return this.words.subarray(0, count);
  }
}

/**
 * @param rate the share that is dropped, from 0 up to but not including 1; rounded to 1/256
 * @param room where the masks lie until it is used again
 */
export function drawDrops(
  random: SeededRandom,
  rate: number,
  { texts, tokens }: Batch,
  slice: Slice,
  room = new DropRoom(),
): Drops {
  const dropped = Math.min(STEPS - 1, Math.round(rate * STEPS));
  const rows = texts * tokens;
  const counts = new Map([[EMBED_DROP as string, rows * slice.channels]]);
  for (const [index, layer] of slice.layers.entries())
    for (const name of Object.keys(LAYER_DROPS) as (keyof typeof LAYER_DROPS)[])
      counts.set(layerDrop(index, name), layerCount(name, layer));
  counts.set(CLASSIFY_DROP, texts * slice.channels);
  // Every mask begins with a word of its own.
  const total = [...counts.values()].reduce((sum, count) => sum + Math.ceil(count / 4), 0);
  const words = room.take(total);
  random.fill(words);
  keepBytesFrom(dropped, words);
  const masks = new Map<string, Uint8Array>();
  let at = words.byteOffset;
  for (const [name, count] of counts) {
    masks.set(name, new Uint8Array(words.buffer, at, count));
    at += 4 * Math.ceil(count / 4);
  }
  return { keep: STEPS / (STEPS - dropped), masks };

  function layerCount(name: keyof typeof LAYER_DROPS, { heads }: LayerShape): number {
    return name === 'drop_probabilities' ? texts * heads * tokens * tokens : rows * slice.channels;
  }
}

/** Makes every byte of the words 1 where it is `least` or more, else 0: four at once, for there are millions of them. */
function keepBytesFrom(least: number, words: Uint32Array): void {
  // A byte's low seven bits and this reach its high bit where they are at least those of `least`.
  const filling = Math.imul(0x80 - (least & 0x7f), 0x01010101);
  const needsHighBit = least > 0x7f;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const reaching = (word & 0x7f7f7f7f) + filling;
    words[i] = ((needsHighBit ? reaching & word : reaching | word) >>> 7) & 0x01010101;
  }
}
