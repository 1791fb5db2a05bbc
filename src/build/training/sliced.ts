/** The slices that learn, and what each has of its own beside the master's leading blocks: its normalisations and its head. */

import { type MasterTensor, tensorOf } from '../../bundle/making.js';
import { nameOf, type Shape } from '../../calibrate/index.js';
import type { TensorSource } from '../../checkpoint/index.js';
import { normTensor } from '../../compress/corrections.js';
import { multiplyAdd } from '../../compress/matrices.js';
import { headTensors } from '../../model/index.js';
import type { NestedSlice, Parameters, SlicePlan } from '../../train/index.js';
import { countsOf, isFull, type NetworkSize, shapesOf } from '../shapes.js';
import type { StoredCorrections } from './stored-corrections.js';

/** Every so many steps the whole network learns too. */
const WHOLE_EVERY = 3;
/** Half the width at these prunes learns in turns, one at every step: what small boards will run. */
const REGULAR: readonly Shape[] = [0.5, 0.25, 0].map((prune) => ({ width: 0.5, prune }));
/** How often shapes at the rim are drawn beside others: what they learn helps them alone. */
const RIM_SHARE = 0.5;
const FAVOURED_SHARE = 1.5;
/** Shapes that a search found are many, and share most of what they learn with uniform ones. */
export const FOUND_SHARE = 0.5;

const isOneOf = (shapes: readonly Shape[], { width, prune }: Shape) =>
  shapes.some((one) => one.width === width && one.prune === prune);

function shareOf(shape: Shape): number {
  if (shape.width <= 0.25 || (shape.prune >= 0.75 && shape.width !== 0.5)) return RIM_SHARE;
  return shape.width === 0.75 && shape.prune === 0.25 ? FAVOURED_SHARE : 1;
}

/** Whether a shape learns too seldom for its head to be as good as one that is fitted. */
export const learnsSeldom = (shape: Shape) => shareOf(shape) === RIM_SHARE;

/** Before the names of what a shape has of its own. */
export const ownPrefix = (shape: Shape) => `${nameOf(shape)}/`;

/** @param corrections under which slices learn; without them they are plain cuts, to measure with */
export function slicePlan(size: NetworkSize, corrections?: StoredCorrections): SlicePlan {
  const slices = shapesOf('full').map((shape): { shape: Shape; slice: NestedSlice } => {
    const { channels, heads, neurons } = countsOf(shape, size);
    const layers = Array.from({ length: size.layers }, () => ({ heads, neurons }));
    const own = isFull(shape) ? undefined : ownPrefix(shape);
    const slice = { name: nameOf(shape), channels, layers, own, share: shareOf(shape) };
    return { shape, slice: isFull(shape) ? slice : { ...slice, corrections: corrections?.of(shape) } };
  });
  const [whole, ...others] = slices;
  const isRegular = (shape: Shape) => isOneOf(REGULAR, shape);
  return {
    whole: whole.slice,
    wholeEvery: WHOLE_EVERY,
    regular: REGULAR.flatMap((one) => others.filter(({ shape }) => isOneOf([one], shape)).map(({ slice }) => slice)),
    others: others.filter(({ shape }) => !isRegular(shape)).flatMap(({ shape, slice }) => inBits(shape, slice)),
  };
}

/** Small shapes are what 4 bits take most from: they learn every other time as they will be in 4 bits. */
const inBits = (shape: Shape, slice: NestedSlice): NestedSlice[] =>
  learnsSeldom(shape)
    ? [
        { ...slice, share: slice.share / 2 },
        { ...slice, name: `${slice.name}-q4`, bits: 4, share: slice.share / 2 },
      ]
    : [slice];

/** Checkpoint names of the normalisations, by site: the embedding's, then two a layer. */
export function normNames(layers: number): string[] {
  const ofLayer = (index: number) =>
    ['attention.output.LayerNorm', 'output.LayerNorm'].map((part) => `encoder.layer.${index}.${part}`);
  return ['embeddings.LayerNorm', ...Array.from({ length: layers }, (_, index) => ofLayer(index)).flat()];
}

/** How many numbers all slices have of their own. */
export function ownCount(size: NetworkSize, labels: number): number {
  const norms = normNames(size.layers).length;
  const own = shapesOf('full').filter((shape) => !isFull(shape));
  return own.reduce((sum, shape) => sum + countsOf(shape, size).channels * (2 * norms + labels) + labels, 0);
}

/**
 * Gives every slice its own normalisations, as they were fitted in closed form, and its own head: the whole one's, reading what the
 * slice's channels say of all.
 */
export function addOwn(parameters: Parameters, corrections: StoredCorrections, size: NetworkSize): void {
  for (const shape of shapesOf('full').filter((one) => !isFull(one))) {
    const { channels } = countsOf(shape, size);
    const own = ownPrefix(shape);
    for (const [site, name] of normNames(size.layers).entries()) {
      const { scale, bias } = corrections.norm(shape, site);
      parameters.add(`${own}${name}.weight`, [channels], scale.slice());
      parameters.add(`${own}${name}.bias`, [channels], bias.slice());
    }
    const [weight, bias] = [parameters.of(headTensors.weight), parameters.of(headTensors.bias)];
    const [labels, hidden] = weight.shape;
    const restored = corrections.restoration(shape.width, 2 * size.layers);
    const ownWeight = restored ? new Float32Array(labels * channels) : weight.values.slice();
    const ownBias = bias.values.slice();
    if (restored) {
      multiplyAdd(ownWeight, weight.values, hidden, restored.map, channels);
      multiplyAdd(ownBias, weight.values, hidden, restored.bias, 1);
    }
    parameters.add(own + headTensors.weight, [labels, channels], ownWeight);
    parameters.add(own + headTensors.bias, [labels], ownBias);
  }
}

/** The slices' own normalisations as the bundle has them. */
export async function ownNorms(
  trained: TensorSource,
  layers: number,
  found: readonly string[],
): Promise<MasterTensor[]> {
  const tensors: MasterTensor[] = [];
  const uniform = shapesOf('full').filter((one) => !isFull(one));
  for (const shape of [...uniform.map(nameOf), ...found])
    for (const [site, name] of normNames(layers).entries()) {
      const scale = await trained.read(`${shape}/${name}.weight`);
      const bias = await trained.read(`${shape}/${name}.bias`);
      const both = tensorOf(normTensor(shape, site), [2, scale.length], Float32Array.from([...scale, ...bias]));
      tensors.push({ ...both, store: 'fp16' });
    }
  return tensors;
}
