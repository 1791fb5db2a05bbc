/** Slices with counts of their own for every layer, put together from what the uniform slices have of their own. */
import { keyOf } from '../../calibrate/index.js';
import { headTensors } from '../../model/index.js';
import type { NestedSlice, Parameters } from '../../train/index.js';
import { countsOf, type NetworkSize } from '../shapes.js';
import { normNames } from '../training/sliced.js';
import type { StoredCorrections } from '../training/stored-corrections.js';
import { type Allocation, LEVELS, layersOf, prunedShare } from './units.js';

export type Size = NetworkSize & { readonly headSize: number };

/** A slice's counts, layer by layer, and what it is called. */
export interface Mixture {
  readonly name: string;
  readonly width: number;
  readonly allocation: Allocation;
}

/** What stands before the names of a uniform slice's own things; the whole network has none. */
const ownOf = (width: number, level: number) =>
  width === 1 && level === 0 ? '' : `w${keyOf(width)}-p${keyOf(LEVELS[level])}/`;

/** What is removed of the unit whose result is summed at a site. */
const pruneAt = (allocation: Allocation) => (site: number) => LEVELS[allocation[site - 1]];

/** Each tensor that a slice has of its own, and the uniform slice's tensor that it takes over. */
function ownTensors(width: number, allocation: Allocation, size: Size): [tensor: string, from: string][] {
  const taken: [string, string][] = [];
  const take = (tensor: string, level: number) => taken.push([tensor, ownOf(width, level) + tensor]);
  // What is summed at a site comes from the unit before it.
  for (const [site, norm] of normNames(size.layers).entries())
    for (const part of ['weight', 'bias']) take(`${norm}.${part}`, site === 0 ? 0 : allocation[site - 1]);
  const pruned = prunedShare(allocation, size);
  const [nearest] = [...LEVELS.keys()].sort((a, b) => Math.abs(LEVELS[a] - pruned) - Math.abs(LEVELS[b] - pruned));
  take(headTensors.weight, nearest);
  take(headTensors.bias, nearest);
  return taken;
}

/** A slice whose own tensors stand under its name. */
export function sliceOf(
  { name, width, allocation }: Mixture,
  size: Size,
  corrections: StoredCorrections,
  share = 0,
): NestedSlice {
  const { channels } = countsOf({ width, prune: 0 }, size);
  const corrected = corrections.mixed(width, pruneAt(allocation));
  return { name, channels, layers: layersOf(allocation, size), own: `${name}/`, share, corrections: corrected };
}

/** The same, its own tensors added to the parameters: copies of the uniform slices'. */
export function mixedSlice(
  parameters: Parameters,
  mixture: Mixture,
  size: Size,
  corrections: StoredCorrections,
  share = 0,
): NestedSlice {
  const { name, width, allocation } = mixture;
  for (const [tensor, from] of ownTensors(width, allocation, size)) {
    const { shape, values } = parameters.of(from);
    parameters.add(`${name}/${tensor}`, shape, values.slice());
  }
  return sliceOf(mixture, size, corrections, share);
}
