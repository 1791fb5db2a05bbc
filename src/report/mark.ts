/** How a profile looks in a plot: colour by bits, shape by prune ratio, size by width. */

export type Shape = 'circle' | 'square' | 'triangle' | 'diamond' | 'hexagon' | 'cross';

export interface Mark {
  /** Bits a weight, as the profile's name says. */
  readonly bits: number;
  readonly shape: Shape;
  /** What the shape says. */
  readonly means: string;
  /** Share of the hidden size that is kept; 1 where the name says nothing of it. */
  readonly width: number;
}

const byPrune: Readonly<Record<string, Shape>> = {
  '0.00': 'circle',
  '0.25': 'square',
  '0.50': 'triangle',
  '0.75': 'diamond',
};

/** Reads a mark off a profile's name; any name has one. */
export function markOf(profile: string): Mark {
  const bits = Number(/-q(\d+)/.exec(profile)?.[1] ?? 32);
  const [, width, prune, own] = /^w(\d\.\d\d)-p(\d\.\d\d)-q\d+(\+\w+)?$/.exec(profile) ?? [];
  if (width === undefined) return { bits, shape: 'cross', means: 'without attention layers', width: 1 };
  const even = own === undefined ? byPrune[prune] : undefined;
  if (even) return { bits, shape: even, means: `${Math.round(100 * Number(prune))} % pruned`, width: Number(width) };
  return { bits, shape: 'hexagon', means: 'other prune ratios', width: Number(width) };
}

/** Half the extent of a mark, in pixels. */
export const radiusOf = ({ width }: Mark) => 3 + 2.6 * Math.min(1, width);

/** An SVG path of about the same area for every shape. */
export function pathOf(shape: Shape, x: number, y: number, radius: number): string {
  const at = (dx: number, dy: number) => `${(x + dx * radius).toFixed(1)} ${(y + dy * radius).toFixed(1)}`;
  const polygon = (...corners: [number, number][]) => `M${corners.map((corner) => at(...corner)).join('L')}Z`;
  switch (shape) {
    case 'circle': {
      const r = radius.toFixed(1);
      return `M${at(-1, 0)}a${r} ${r} 0 1 0 ${(2 * radius).toFixed(1)} 0a${r} ${r} 0 1 0 ${(-2 * radius).toFixed(1)} 0Z`;
    }
    case 'square':
      return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
    case 'triangle':
      return polygon([0, -1.15], [1.1, 0.85], [-1.1, 0.85]);
    case 'diamond':
      return polygon([0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]);
    case 'hexagon':
      return polygon([-0.55, -1], [0.55, -1], [1.1, 0], [0.55, 1], [-0.55, 1], [-1.1, 0]);
    case 'cross': {
      const [arm, end] = [0.4, 1.2];
      return polygon(
        ...([
          [-arm, -end],
          [arm, -end],
          [arm, -arm],
          [end, -arm],
          [end, arm],
          [arm, arm],
          [arm, end],
          [-arm, end],
          [-arm, arm],
          [-end, arm],
          [-end, -arm],
          [-arm, -arm],
        ] as [number, number][]),
      );
    }
  }
}
