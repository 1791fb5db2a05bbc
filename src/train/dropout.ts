/** Draws the masks of dropout. They are inputs of the graphs, so the same seed drops the same numbers. */

import { CLASSIFY_DROP, EMBED_DROP, LAYER_DROPS } from '../model/gradient/index.js';
import type { LayerShape } from '../model/index.js';
import type { Batch } from './batch.js';
import type { Random } from './random.js';
import type { Slice } from './slice.js';

/** Masks by name (`layerDrop` for those of layers), 1 where a number survives, and what survivors are multiplied by. */
export interface Drops {
  readonly keep: number;
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

export const layerDrop = (layer: number, name: string) => `${layer}.${name}`;

/** One in 256 is the finest step of a rate: a mask takes a byte of randomness a number. */
const STEPS = 256;

/** @param rate the share that is dropped, from 0 up to but not including 1; rounded to 1/256 */
export function drawDrops(random: Random, rate: number, { texts, tokens }: Batch, slice: Slice): Drops {
  const dropped = Math.min(STEPS - 1, Math.round(rate * STEPS));
  const masks = new Map<string, Uint8Array>();
  const draw = (name: string, count: number) => masks.set(name, mask(random, dropped, count));
  const rows = texts * tokens;
  draw(EMBED_DROP, rows * slice.channels);
  for (const [index, layer] of slice.layers.entries())
    for (const name of Object.keys(LAYER_DROPS) as (keyof typeof LAYER_DROPS)[])
      draw(layerDrop(index, name), layerCount(name, layer));
  draw(CLASSIFY_DROP, texts * slice.channels);
  return { keep: STEPS / (STEPS - dropped), masks };

  function layerCount(name: keyof typeof LAYER_DROPS, { heads }: LayerShape): number {
    return name === 'drop_probabilities' ? texts * heads * tokens * tokens : rows * slice.channels;
  }
}

function mask(random: Random, dropped: number, count: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(count / 4));
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  const bytes = new Uint8Array(words.buffer, 0, count);
  for (let i = 0; i < count; i++) bytes[i] = bytes[i] < dropped ? 0 : 1;
  return bytes;
}
