/**
 * What a bundle holds beside the master's plain weights, so that a cut answers well: names of the tensors, and where they act.
 * Sites are the places where channels are normalised, from the embedding (0) to the last layer's result (2 × layers).
 */

/** How much of the network is left. A profile is a shape at so many bits a weight. */
export interface ShapeCounts {
  /** Hidden channels, the first ones of the master's order. */
  readonly channels: number;
  /** Heads and inner neurons of every layer, the first ones of the layer's order. */
  readonly layers: readonly { readonly heads: number; readonly neurons: number }[];
}

/** Which corrections a shape uses: those of its width, those of its prune ratio, and its own. */
export interface CorrectionKeys {
  readonly shape: string;
  /** Undefined where all channels are kept. */
  readonly width?: string;
  /** Undefined where nothing is pruned. */
  readonly prune?: string | readonly string[];
}

/** All channels at a site from the kept ones: those themselves, and `weight` [hidden, kept] × them + `bias` [hidden]. */
export const restoringTensors = (width: string, site: number) => ({
  weight: `width.${width}.restore.${site}`,
  bias: `width.${width}.restore.${site}.bias`,
});

/** What kept heads (odd sites) or neurons (even ones) add for removed ones: `left` [hidden, rank], `right` [rank, kept], `bias` [hidden]. */
export const standInTensors = (prune: string, site: number) => ({
  left: `prune.${prune}.stand-in.${site}.left`,
  right: `prune.${prune}.stand-in.${site}.right`,
  bias: `prune.${prune}.stand-in.${site}.bias`,
});

/** A shape's own normalisation at a site: scale and bias, [2, kept]. */
export const normTensor = (shape: string, site: number) => `shape.${shape}.norm.${site}`;

/** Prototypes of a width, taken where it is not pruned: more than the first channels of the whole network's. */
export const widthPrototypes = (width: string) => `width.${width}.head.prototypes`;

/** A shape's own tensor of the head. */
export const headTensor = (shape: string, name: string) => `shape.${shape}.${name}`;
