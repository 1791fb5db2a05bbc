/** Texts side by side as the graphs read them. */

export interface Batch {
  readonly texts: number;
  /** Columns: the longest text's tokens. */
  readonly tokens: number;
  /** [texts × tokens] */
  readonly ids: BigInt64Array;
  /** 1 for a token, 0 for padding: [texts × tokens]. */
  readonly mask: Float32Array;
  /** What each token counts in its text's vector: [texts × tokens]. */
  readonly shares: Float32Array;
}

/** Ways of pooling that are a weighted sum of tokens. */
export type LinearPooling = 'mean' | 'cls' | 'mean_sqrt_len';

/**
 * Rows of token ids, filled up on the right. `masks` says which of them count, all where it is left out; a position is a token's
 * place in its row, masked ones included.
 */
export function batchOf(
  rows: readonly (readonly number[])[],
  masks: readonly (readonly number[])[] = rows.map((row) => row.map(() => 1)),
  pooling: LinearPooling = 'mean',
): Batch {
  const tokens = Math.max(1, ...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * tokens);
  const mask = new Float32Array(rows.length * tokens);
  const shares = new Float32Array(rows.length * tokens);
  for (const [text, row] of rows.entries()) {
    const at = text * tokens;
    for (const [i, id] of row.entries()) ids[at + i] = BigInt(id);
    for (const [i, open] of masks[text].entries()) mask[at + i] = open;
    const open = masks[text].reduce((sum, one) => sum + one, 0);
    if (pooling === 'cls') shares[at] = 1;
    else for (let i = 0; i < tokens; i++) shares[at + i] = mask[at + i] / (pooling === 'mean' ? open : Math.sqrt(open));
  }
  return { texts: rows.length, tokens, ids, mask, shares };
}
