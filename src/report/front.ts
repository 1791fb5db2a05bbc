/** The Pareto front: what nothing else beats. */

export interface Candidate {
  readonly cost: number;
  readonly accuracy: number;
}

/**
 * Those to which no other is at least as good in both and better in one, by rising cost. Equals are all on the front.
 */
export function paretoFront<Point extends Candidate>(points: readonly Point[]): Point[] {
  const beats = (a: Candidate, b: Candidate) =>
    a.cost <= b.cost && a.accuracy >= b.accuracy && (a.cost < b.cost || a.accuracy > b.accuracy);
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => a.cost - b.cost || a.accuracy - b.accuracy);
}
