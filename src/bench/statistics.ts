/** Order statistics over small samples. */

/** The value below which `share` (0 to 1) of the sample lies, nearest rank; NaN for an empty sample. */
export function percentile(sample: readonly number[], share: number): number {
  if (sample.length === 0) return Number.NaN;
  const sorted = sample.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

export function median(sample: readonly number[]): number {
  return percentile(sample, 0.5);
}
