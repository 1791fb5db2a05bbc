/** Which shapes a recipe makes, and how much of the network each keeps. */
import { BAG, type Bits, bitWidths, formatProfile, type ShapeDescription, shapeName } from '../bundle/index.js';
import { keyOf, type Shape, type UniformCounts } from '../calibrate/index.js';

export type Recipe = 'head' | 'fast' | 'full';

const widths = [1, 0.75, 0.5, 0.25];
const prunes = [0, 0.25, 0.5, 0.75];
/** Channels come in eights where the network is large enough: kernels work on whole vectors, 4-bit numbers stand two to a byte. */
const CHANNEL_STEP = 8;
const FULL: Shape = { width: 1, prune: 0 };

export interface NetworkSize {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly layers: number;
}

/** The whole network first. */
export function shapesOf(recipe: Recipe): Shape[] {
  return recipe === 'head' ? [FULL] : widths.flatMap((width) => prunes.map((prune) => ({ width, prune })));
}

export const isFull = ({ width, prune }: Shape) => width === 1 && prune === 0;

/** Kept: the rounded rest, never nothing. */
export function countsOf({ width, prune }: Shape, { hiddenSize, heads, intermediateSize }: NetworkSize): UniformCounts {
  const rest = (count: number) => Math.max(1, Math.round(count * (1 - prune)));
  const channels = Math.max(CHANNEL_STEP, CHANNEL_STEP * Math.round((hiddenSize * width) / CHANNEL_STEP));
  return {
    channels: width === 1 ? hiddenSize : Math.min(hiddenSize, channels),
    heads: rest(heads),
    neurons: rest(intermediateSize),
  };
}

/**
 * All shapes of a recipe by name, as the manifest lists them.
 * @param fitted whether a head is fitted: a checkpoint's own means nothing to averaged embeddings
 */
export function describeShapes(recipe: Recipe, size: NetworkSize, fitted: boolean): Record<string, ShapeDescription> {
  const described = shapesOf(recipe).map((shape): [string, ShapeDescription] => {
    const { channels, heads, neurons } = countsOf(shape, size);
    const layers = Array.from({ length: size.layers }, () => ({ heads, neurons }));
    return [
      shapeName(shape),
      {
        channels,
        layers,
        ...(channels < size.hiddenSize && { widthCorrection: keyOf(shape.width) }),
        ...(shape.prune > 0 && { pruneCorrection: keyOf(shape.prune) }),
      },
    ];
  });
  if (recipe !== 'head' && fitted) described.push([BAG, { channels: size.hiddenSize, layers: [] }]);
  return Object.fromEntries(described);
}

/** Every profile of a recipe, by shape, exact before small. The bag has no fp32 profile: a table that large is no floor. */
export function profilesOf(recipe: Recipe, fitted: boolean): string[] {
  const slices = shapesOf(recipe).flatMap((shape) => bitWidths.map((bits) => formatProfile({ ...shape, bits })));
  const bag = (bits: Bits) => formatProfile({ width: 1, prune: 1, bits, bag: true });
  return recipe === 'head' || !fitted ? slices : [...slices, bag(8), bag(4)];
}

/** Shapes with counts of their own for every layer, which a search found, and their profiles. */
export function describeFound(
  found: readonly {
    readonly name: string;
    readonly width: number;
    readonly layers: readonly ShapeDescription['layers'][number][];
    /** Of the uniform shapes that prune each unit as it is pruned here. */
    readonly pruneKeys: readonly string[];
  }[],
  size: NetworkSize,
): { shapes: Record<string, ShapeDescription>; profiles: string[] } {
  const shapes = found.map(({ name, width, layers, pruneKeys }): [string, ShapeDescription] => {
    const { channels } = countsOf({ width, prune: 0 }, size);
    const keys = { ...(width < 1 && { widthCorrection: keyOf(width) }), pruneCorrection: [...pruneKeys] };
    return [name, { channels, layers: [...layers], ...keys }];
  });
  const profiles = found.flatMap(({ name }) => bitWidths.map((bits) => name.replace('+', `-q${bits}+`)));
  return { shapes: Object.fromEntries(shapes), profiles };
}
