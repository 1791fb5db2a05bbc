/** How sure a share of so many rows is. */

/** The normal deviate of a two-sided 95 %. */
const Z = 1.959964;

/** Wilson's score interval at 95 % (Wilson, JASA 22, 1927) for a share observed over `rows` rows. */
export function wilson(share: number, rows: number): { readonly low: number; readonly high: number } {
  const scale = 1 + Z ** 2 / rows;
  const centre = (share + Z ** 2 / (2 * rows)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / rows + Z ** 2 / (4 * rows ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
