/** Calibration text in batches of one length, so that nothing is padded. */

/** Token ids of texts of one length, text after text. */
export interface CalibrationBatch {
  readonly ids: readonly number[];
  readonly texts: number;
  readonly tokens: number;
}

/** Tokens of a batch at most: enough to keep the products busy. */
const MAX_TOKENS = 2048;

/** Groups token rows by length, in the order in which lengths first appear. */
export function calibrationBatches(rows: readonly (readonly number[])[]): CalibrationBatch[] {
  const byLength = new Map<number, (readonly number[])[]>();
  for (const row of rows) byLength.set(row.length, [...(byLength.get(row.length) ?? []), row]);
  const batches: CalibrationBatch[] = [];
  for (const [tokens, group] of byLength) {
    const most = Math.max(1, Math.floor(MAX_TOKENS / tokens));
    for (let from = 0; from < group.length; from += most) {
      const part = group.slice(from, from + most);
      batches.push({ ids: part.flat(), texts: part.length, tokens });
    }
  }
  return batches;
}
