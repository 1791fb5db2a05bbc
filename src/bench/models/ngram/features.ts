/**
 * Text to a sparse vector of hashed features: words, pairs of words, and runs of two to five characters inside words. Weighted by
 * 1 + ln(count), words and characters each brought to the same length, so that neither drowns the other. Inverse document
 * frequency made answers worse on both data sets' development rows.
 */

const SHORTEST_RUN = 2;
const LONGEST_RUN = 5;

/** Indices, each once, and the values there. */
export interface SparseVector {
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/**
 * The vector of a text; `buckets` is even: even indices are words, odd ones characters. A constant of one comes last, at the index
 * `buckets`.
 */
export function featuresOf(text: string, buckets: number): SparseVector {
  const counts = new Map<number, number>();
  const add = (feature: string, kind: 0 | 1) => {
    const bucket = ((hash(feature) % (buckets / 2)) << 1) | kind;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  };
  const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu) ?? [];
  for (const [at, word] of words.entries()) {
    add(word, 0);
    if (at > 0) add(`${words[at - 1]} ${word}`, 0);
    const marked = ` ${word} `;
    for (let length = SHORTEST_RUN; length <= LONGEST_RUN; length++)
      for (let from = 0; from + length <= marked.length; from++) add(marked.slice(from, from + length), 1);
  }
  return ofLengthOne(counts, buckets);
}

function ofLengthOne(counts: ReadonlyMap<number, number>, constant: number): SparseVector {
  const indices = Int32Array.from([...counts.keys(), constant]);
  const values = new Float32Array(indices.length);
  const squares = [0, 0];
  let at = 0;
  for (const [bucket, count] of counts) {
    values[at] = 1 + Math.log(count);
    squares[bucket & 1] += values[at++] ** 2;
  }
  const scales = squares.map((square) => Math.SQRT1_2 / Math.sqrt(square || 1));
  for (let i = 0; i < at; i++) values[i] *= scales[indices[i] & 1];
  values[at] = 1;
  return { indices, values };
}

/** FNV-1a over UTF-16 code units, with a last mix so that low bits depend on all of it. */
function hash(feature: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < feature.length; at++) state = Math.imul(state ^ feature.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return (state ^ (state >>> 13)) >>> 0;
}
