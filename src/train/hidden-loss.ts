/** How far a slice's hidden states are from a teacher's, at the channels that it keeps (DynaBERT, arXiv 2004.04037, section 3.2). */

/** A teacher's states of the same batch, from the embedding to the last layer: [rows × channels] each. */
export interface HiddenTargets {
  readonly states: readonly Float32Array[];
  /** Of the teacher; the slice keeps the first of them. */
  readonly channels: number;
  /** Of the sum over tokens and states of the mean square over channels: 1 / tokens for a mean. */
  readonly weight: number;
}

/**
 * Adds the gradient of weight × Σ mean square difference to `gradient` [rows, channels]; gives that sum. Rows that the mask
 * leaves out count nothing.
 */
export function addHiddenLoss(
  { states, channels: wide, weight }: HiddenTargets,
  state: number,
  student: Float32Array,
  channels: number,
  mask: Float32Array,
  gradient: Float32Array,
): number {
  const target = states[state];
  const slope = (2 * weight) / channels;
  let sum = 0;
  for (let row = 0, at = 0, to = 0; row < mask.length; row++, at += channels, to += wide) {
    if (mask[row] === 0) continue;
    for (let i = 0; i < channels; i++) {
      const off = student[at + i] - target[to + i];
      sum += off * off;
      gradient[at + i] += slope * off;
    }
  }
  return (weight * sum) / channels;
}
