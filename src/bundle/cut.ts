/** Cutting a profile out of a master: what only a cold cache needs, loaded when it does. */
import type { TensorSource } from '../checkpoint/index.js';
import { smoothingOf } from '../compress/int8-ranges.js';
import { Slice } from '../compress/slice.js';
import { type PlannedGraph, planEncoder } from '../model/index.js';
import { instructionSet, int8Limit } from '../profile/processor.js';
import type { Network } from './bundle.js';
import { Master } from './master.js';

export { Master };

/** A profile's graph and the weights that fill it, cut from the master as they are read. */
export interface PlannedProfile {
  readonly plan: PlannedGraph;
  readonly source: TensorSource;
}

/** Plans a network over a master for this processor, with its channels evened out for 8 bits. */
export async function planFrom(master: Master, { shape, options, slice }: Network): Promise<PlannedProfile> {
  const source = new Slice(master, slice);
  const isEven = options.bits === 8 && source.has(rangeTensor(0, 'qkv'));
  const smoothing = isEven ? await smoothingFrom(source, shape.layers.length) : undefined;
  return { source, plan: planEncoder(shape, { int8Limit: int8Limit(instructionSet()), smoothing, ...options }) };
}

/** Name of the tensor with the largest magnitudes that a product's input had over calibration text. */
export const rangeTensor = (layer: number, site: 'qkv' | 'up' | 'down') => `ranges.${layer}.${site}`;

async function smoothingFrom(source: TensorSource, layers: number) {
  const read = async (layer: number) => ({
    qkv: await source.read(rangeTensor(layer, 'qkv')),
    up: await source.read(rangeTensor(layer, 'up')),
    down: await source.read(rangeTensor(layer, 'down')),
  });
  const smoothing = [];
  for (let layer = 0; layer < layers; layer++) smoothing.push(smoothingOf(await read(layer)));
  return smoothing;
}
