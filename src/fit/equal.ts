/** Which accuracies can't be told apart. */
import { constants } from './constants.js';

/** Standard error of a share found over so many rows, with Wilson's centre, so that 0 and 1 are not taken for certain. */
export function standardError(share: number, rows: number): number {
  const centre = (share * rows + 2) / (rows + 4); // Agresti and Coull, The American Statistician 52 (1998): z² ≈ 4
  return Math.sqrt((centre * (1 - centre)) / (rows + 4));
}

/**
 * Whether one accuracy counts as less than another: by more than so many standard errors of their difference. How often two
 * profiles err on the same rows is not known, so they are taken as independent, which never makes them more different.
 */
export function isLess(one: number, other: number, rows: number): boolean {
  const error = Math.hypot(standardError(one, rows), standardError(other, rows));
  return other - one > constants.standardErrors.value * error;
}
