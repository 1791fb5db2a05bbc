/** What a search over layers may choose: for the heads and for the neurons of every layer, how much of them is removed. */
import { keyOf } from '../../calibrate/index.js';
import type { LayerShape } from '../../model/index.js';
import { countsOf, type NetworkSize } from '../shapes.js';

/** Shares that may be removed anywhere: those that training has seen. */
export const LEVELS = [0, 0.25, 0.5, 0.75] as const;

/** Index of a level for each unit: heads of layer 0, neurons of layer 0, heads of layer 1, … */
export type Allocation = readonly number[];

/** Of each unit, the key of the uniform shapes that prune it as much. */
export const pruneKeysOf = (allocation: Allocation) => allocation.map((level) => keyOf(LEVELS[level]));

export const unitsOf = ({ layers }: NetworkSize) => 2 * layers;

export function layersOf(allocation: Allocation, size: NetworkSize): LayerShape[] {
  const counts = LEVELS.map((prune) => countsOf({ width: 1, prune }, size));
  return Array.from({ length: size.layers }, (_, layer) => ({
    heads: counts[allocation[2 * layer]].heads,
    neurons: counts[allocation[2 * layer + 1]].neurons,
  }));
}

/** Multiplications of a unit at a level, by token and channel: four projections of the heads, two of the neurons. */
export function costOf(unit: number, level: number, size: NetworkSize & { readonly headSize: number }): number {
  const { heads, neurons } = countsOf({ width: 1, prune: LEVELS[level] }, size);
  return unit % 2 === 0 ? 4 * heads * size.headSize : 2 * neurons;
}

export const totalCost = (allocation: Allocation, size: NetworkSize & { readonly headSize: number }): number =>
  allocation.reduce((sum, level, unit) => sum + costOf(unit, level, size), 0);

/** The share of the layers' weights that an allocation removes. */
export function prunedShare(allocation: Allocation, size: NetworkSize & { readonly headSize: number }): number {
  const whole = totalCost(
    allocation.map(() => 0),
    size,
  );
  return 1 - totalCost(allocation, size) / whole;
}
