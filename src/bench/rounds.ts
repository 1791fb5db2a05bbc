/** Rounds in which all sides take turns, so that what else the machine does falls on all of them. */

/** The same sides, another one first in every round. */
export function rotated<T>(sides: readonly T[], by: number): T[] {
  return sides.map((_, at) => sides[(at + by) % sides.length]);
}
