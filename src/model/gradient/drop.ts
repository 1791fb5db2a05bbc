/** Dropout (Srivastava et al., 2014) with masks that are handed in, so that a run can be repeated exactly. */
import type { Emitter } from './emitter.js';

/** Names of the inputs that a graph with dropout has besides its own: what survives is multiplied by `keep`. */
export const KEEP = 'keep';

/** Makes the dropping of a graph: uint8 masks by name, 1 where a number survives; without dropout nothing is changed. */
export function dropping(emit: Emitter, dropout: boolean): (value: string, mask: string, dims: string[]) => string {
  if (!dropout) return (value) => value;
  const keep = emit.input(KEEP, []);
  const masks = new Map<string, string>();
  return (value, mask, dims) => {
    const factor = masks.get(mask) ?? factors(emit, emit.whole(mask, 'uint8', dims), keep);
    masks.set(mask, factor);
    return emit.multiply(value, factor);
  };
}

/** `keep` where the mask is 1, else 0. */
function factors(emit: Emitter, mask: string, keep: string): string {
  // The same at once; for float32 only.
  if (emit.type === 'float32') return emit.node('DequantizeLinear', [mask, keep]);
  return emit.multiply(emit.cast(mask), keep);
}
