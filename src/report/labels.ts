/** Names beside points, none upon another or upon a point. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A label's size, and the point that it belongs to. */
export interface Wanted {
  readonly point: Place;
  /** Half the extent of the point's mark. */
  readonly radius: number;
  readonly width: number;
  readonly height: number;
  /** The direction, in radians with y downwards, in which the label stands best. */
  readonly towards: number;
}

export interface Placed {
  readonly box: Box;
  /** A line from the mark to the label, where they stand apart. */
  readonly leader: { readonly from: Place; readonly to: Place } | undefined;
}

export interface Surroundings {
  readonly frame: Box;
  readonly marks: readonly Box[];
  /** Lines that labels should rather not cross. */
  readonly lines: readonly { readonly from: Place; readonly to: Place }[];
}

const GAP = 2.5;
const DIRECTIONS = 24;
const DISTANCES = [0, 4, 9, 15, 22, 30, 40, 52, 66, 82, 100, 125, 155, 190, 230, 280];
/** From this distance on a line leads to the label. */
const APART = 9;

/** What a place costs, in pixels of distance that it is worth. */
const costs = { turnedAway: 3, crossedLine: 22, crossedLeader: 40, leaderOverMark: 6, leaderOverLabel: 40 } as const;

/**
 * Places labels one after the other, each at the cheapest free place around its point. One that finds none, in a plot that is
 * full, is left out (undefined).
 */
export function placeLabels(wanted: readonly Wanted[], { frame, marks, lines }: Surroundings): (Placed | undefined)[] {
  const placed: Placed[] = [];
  return wanted.map((label) => {
    let best: { placed: Placed; cost: number } | undefined;
    for (const distance of DISTANCES) {
      if (best && best.cost < distance) break;
      for (let step = 0; step < DIRECTIONS; step++) {
        const angle = label.towards + (2 * Math.PI * step) / DIRECTIONS;
        const candidate = placeAt(label, angle, distance);
        const isFree =
          contains(frame, candidate.box) &&
          !marks.some((mark) => overlap(mark, candidate.box)) &&
          !placed.some(({ box }) => overlap(box, candidate.box));
        if (!isFree) continue;
        const cost = distance + costOf(candidate, angle - label.towards, placed, marks, lines);
        if (!best || cost < best.cost) best = { placed: candidate, cost };
      }
    }
    if (best) placed.push(best.placed);
    return best?.placed;
  });
}

/** The label with its nearest edge or corner at a distance from the mark. */
function placeAt({ point, radius, width, height }: Wanted, angle: number, distance: number): Placed {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const reach = radius + GAP + distance;
  const x = point.x + dx * (reach + width / 2);
  const y = point.y + dy * (reach + height / 2);
  const box = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
  if (distance < APART) return { box, leader: undefined };
  const to = { x: clamp(point.x, box.left, box.right), y: clamp(point.y, box.top, box.bottom) };
  const length = Math.hypot(to.x - point.x, to.y - point.y);
  const along = (pixels: number) => ({
    x: point.x + ((to.x - point.x) * pixels) / length,
    y: point.y + ((to.y - point.y) * pixels) / length,
  });
  return { box, leader: { from: along(radius + 1), to: along(length - 1) } };
}

function costOf(
  { box, leader }: Placed,
  turn: number,
  placed: readonly Placed[],
  marks: readonly Box[],
  lines: Surroundings['lines'],
): number {
  let cost = costs.turnedAway * (1 - Math.cos(turn));
  cost += costs.crossedLine * lines.filter((line) => crossesBox(line, box)).length;
  for (const other of placed) if (other.leader && crossesBox(other.leader, box)) cost += costs.crossedLeader;
  if (!leader) return cost;
  cost += costs.leaderOverMark * marks.filter((mark) => crossesBox(leader, mark)).length;
  for (const other of placed) {
    if (crossesBox(leader, other.box)) cost += costs.leaderOverLabel;
    if (other.leader && cross(leader, other.leader)) cost += costs.crossedLeader;
  }
  return cost;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

const contains = (outer: Box, inner: Box) =>
  inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;

type Line = Surroundings['lines'][number];

function crossesBox(line: Line, box: Box): boolean {
  const inside = ({ x, y }: Place) => x > box.left && x < box.right && y > box.top && y < box.bottom;
  if (inside(line.from) || inside(line.to)) return true;
  const [leftTop, rightBottom] = [
    { x: box.left, y: box.top },
    { x: box.right, y: box.bottom },
  ];
  const [rightTop, leftBottom] = [
    { x: box.right, y: box.top },
    { x: box.left, y: box.bottom },
  ];
  return cross(line, { from: leftTop, to: rightBottom }) || cross(line, { from: rightTop, to: leftBottom });
}

function cross(a: Line, b: Line): boolean {
  const side = (line: Line, { x, y }: Place) =>
    Math.sign((line.to.x - line.from.x) * (y - line.from.y) - (line.to.y - line.from.y) * (x - line.from.x));
  return side(a, b.from) * side(a, b.to) < 0 && side(b, a.from) * side(b, a.to) < 0;
}
