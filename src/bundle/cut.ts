/** Cutting a profile out of a master: what only a cold cache needs, loaded when it does. */
import { smoothingOf } from '../compress/int8-ranges.js';
import { type EncoderOptions, type EncoderShape, type PlannedGraph, planEncoder } from '../model/index.js';
import { instructionSet, int8Limit } from '../profile/processor.js';
import { Master } from './master.js';

export { Master };

/** The network that a profile runs. */
export interface Network {
  readonly shape: EncoderShape;
  readonly options: EncoderOptions;
}

/** Plans a network over a master for this processor, with its channels evened out for 8 bits. */
export async function planFrom(master: Master, { shape, options }: Network): Promise<PlannedGraph> {
  const smoothing =
    options.bits === 8 && master.has(rangeTensor(0, 'qkv')) ? await smoothingFrom(master, shape) : undefined;
  return planEncoder(shape, { int8Limit: int8Limit(instructionSet()), smoothing, ...options });
}

/** Name of the tensor with the largest magnitudes that a product's input had over calibration text. */
export const rangeTensor = (layer: number, site: 'qkv' | 'up' | 'down') => `ranges.${layer}.${site}`;

async function smoothingFrom(master: Master, shape: EncoderShape) {
  const read = async (layer: number) => ({
    qkv: await master.read(rangeTensor(layer, 'qkv')),
    up: await master.read(rangeTensor(layer, 'up')),
    down: await master.read(rangeTensor(layer, 'down')),
  });
  const smoothing = [];
  for (let layer = 0; layer < shape.layers.length; layer++) smoothing.push(smoothingOf(await read(layer)));
  return smoothing;
}
