/**
 * What turns the whole network's weights into a slice's, beside cutting: fixed maps that calibration text gave. Training goes on under
 * them, so a slice begins where the closed form ends, and what it learns is learnt by the whole network's weights.
 */

/** All channels from those that a slice keeps: full ≈ map kept + bias. What reads channels reads `weight × map`. */
export interface Restoration {
  /** [hidden, kept] */
  readonly map: Float32Array;
  /** [hidden] */
  readonly bias: Float32Array;
}

/** What kept units add for removed ones, to the weight of a product that writes channels. */
export interface StandIn {
  /** [hidden, units] */
  readonly weight: Float32Array;
  /** [hidden] */
  readonly bias: Float32Array;
}

/** By the name of a dense layer, without `.weight`; undefined where it is cut as it is. */
export interface SliceCorrections {
  restoration(dense: string): Restoration | undefined;
  standIn(dense: string): StandIn | undefined;
}

export const denseOf = (name: string) => name.replace(/\.(weight|bias)$/, '');
