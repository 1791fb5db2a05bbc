/** Which nested slices learn in which step. */
import type { Random } from './random.js';
import type { Slice } from './slice.js';

export interface NestedSlice extends Slice {
  readonly name: string;
  /** How often it is drawn beside the others: 0 for never. */
  readonly share: number;
}

export interface SlicePlan {
  /** The whole network, every so many steps (0 for never): it must not forget what it knew. */
  readonly whole: NestedSlice;
  readonly wholeEvery: number;
  /** Taken in turns, one at every step. */
  readonly regular: readonly NestedSlice[];
  /** One is drawn at every step, by its share. */
  readonly others: readonly NestedSlice[];
}

/** The slices of a step, counted from 0: the sandwich rule (Yu and Huang, arXiv 1903.05134), its ends the slices that matter most. */
export function slicesOf(plan: SlicePlan, step: number, random: Random): NestedSlice[] {
  const { whole, wholeEvery, regular, others } = plan;
  const chosen = step % wholeEvery === 0 ? [whole] : [];
  if (regular.length > 0) chosen.push(regular[step % regular.length]);
  const drawn = draw(
    others.filter((slice) => !chosen.includes(slice)),
    random,
  );
  return drawn ? [...chosen, drawn] : chosen;
}

function draw(slices: readonly NestedSlice[], random: Random): NestedSlice | undefined {
  let left = random() * slices.reduce((sum, { share }) => sum + share, 0);
  return slices.find(({ share }) => {
    left -= share;
    return left < 0;
  });
}
