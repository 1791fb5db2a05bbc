/** Typical vectors of each label, by spherical k-means: how near a text is to any of them says whether it belongs at all. */
import type { Matrix } from './logistic.js';
import { type Random, seededRandom } from './random.js';

const ROUNDS = 25;

/**
 * Unit vectors [labels × perLabel, columns], label after label, from unit vectors. A label with fewer rows than prototypes
 * repeats some. The same seed gives the same result.
 */
export function prototypesOf(
  vectors: Matrix,
  classes: readonly number[],
  labels: number,
  perLabel: number,
  seed: number,
): Float32Array {
  const { columns } = vectors;
  const rowsOf = Array.from({ length: labels }, (): Float32Array[] => []);
  for (const [row, label] of classes.entries())
    rowsOf[label].push(vectors.values.subarray(row * columns, (row + 1) * columns));
  const random = seededRandom(seed);
  const prototypes = new Float32Array(labels * perLabel * columns);
  for (const [label, rows] of rowsOf.entries())
    for (const [i, centre] of clusters(rows, perLabel, columns, random).entries())
      prototypes.set(centre, (label * perLabel + i) * columns);
  return prototypes;
}

const dot = (a: Float32Array, b: Float32Array) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

function nearest(row: Float32Array, centres: readonly Float32Array[]): number {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (const [i, centre] of centres.entries()) {
    const cosine = dot(row, centre);
    if (cosine > largest) {
      largest = cosine;
      best = i;
    }
  }
  return best;
}

function clusters(rows: readonly Float32Array[], count: number, columns: number, random: Random): Float32Array[] {
  let centres = spread(rows, count, random);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centres.map(() => new Float32Array(columns));
    for (const row of rows) {
      const sum = sums[nearest(row, centres)];
      for (let i = 0; i < columns; i++) sum[i] += row[i];
    }
    // A centre that lost all its rows stays where it was.
    centres = sums.map((sum, i) => unit(sum) ?? centres[i]);
  }
  return centres;
}

/** First centres far from each other (k-means++, Arthur and Vassilvitskii 2007), by cosine distance. */
function spread(rows: readonly Float32Array[], count: number, random: Random): Float32Array[] {
  const centres = [rows[Math.floor(random() * rows.length)]];
  const distances = rows.map(() => Number.POSITIVE_INFINITY);
  while (centres.length < count) {
    const newest = centres[centres.length - 1];
    let total = 0;
    for (const [i, row] of rows.entries()) {
      distances[i] = Math.min(distances[i], Math.max(0, 1 - dot(row, newest)));
      total += distances[i];
    }
    let left = random() * total;
    const chosen = distances.findIndex((distance) => {
      left -= distance;
      return left < 0;
    });
    centres.push(rows[Math.max(0, chosen)]);
  }
  return centres;
}

function unit(vector: Float32Array): Float32Array | undefined {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((x) => x / length) : undefined;
}
