/** Which texts run together: those of one length, so that nothing is padded. */

/** Rows and tokens of a batch at most: beyond that its activations leave the processor's cache, and cost memory. */
const MAX_ROWS = 24;
export const MAX_TOKENS = 1024;

/**
 * Groups indices by length; indices of a batch are in ascending order. A large group is split evenly: a text left over by itself
 * takes three times as long as one among sixteen.
 */
export function batchesByLength(lengths: readonly number[]): number[][] {
  const byLength = new Map<number, number[]>();
  for (const [index, length] of lengths.entries()) {
    const group = byLength.get(length);
    if (group) group.push(index);
    else byLength.set(length, [index]);
  }
  const batches: number[][] = [];
  for (const [length, group] of byLength) {
    const most = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_TOKENS / length)));
    const rows = Math.ceil(group.length / Math.ceil(group.length / most));
    for (let from = 0; from < group.length; from += rows) batches.push(group.slice(from, from + rows));
  }
  return batches;
}
