/** Where everything in a plot stands, in pixels of its view box. */
import { type Axis, accuracyAxis, costAxis } from './axis.js';
import { paretoFront } from './front.js';
import { type Box, type Place, type Placed, placeLabels, type Wanted } from './labels.js';
import { type Mark, markOf, radiusOf } from './mark.js';

/** A profile that has both figures. */
export interface Point {
  /** Its row in the table, from 1. */
  readonly number: number;
  readonly profile: string;
  readonly accuracy: number;
  readonly cost: number;
}

export interface Format {
  readonly width: number;
  readonly height: number;
  readonly margin: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  /** Whether points on the front bear their names; all others bear their numbers. */
  readonly names: boolean;
  readonly nameSize: number;
  readonly numberSize: number;
  /** Pixels between two ticks at least. */
  readonly tickGap: number;
}

export const formats = {
  wide: {
    width: 900,
    height: 460,
    margin: { left: 58, right: 14, top: 26, bottom: 46 },
    names: true,
    nameSize: 12,
    numberSize: 9.5,
    tickGap: 26,
  },
  narrow: {
    width: 340,
    height: 380,
    margin: { left: 42, right: 6, top: 18, bottom: 40 },
    names: false,
    nameSize: 11,
    numberSize: 9,
    tickGap: 22,
  },
} as const satisfies Record<string, Format>;

export interface PlacedPoint extends Point, Place {
  readonly mark: Mark;
  readonly radius: number;
  readonly onFront: boolean;
  readonly text: string;
  /** Undefined where the plot has no room for it. */
  readonly label: Placed | undefined;
}

export interface Layout {
  readonly frame: Box;
  readonly cost: Axis;
  readonly accuracy: Axis;
  /** Ticks that have room, with their places. */
  readonly costTicks: readonly (readonly [value: number, x: number])[];
  readonly accuracyTicks: readonly (readonly [value: number, y: number])[];
  /** Corners of the front's step line, from the frame's bottom to its right side. */
  readonly steps: readonly Place[];
  /** In the order in which they are drawn: the front last. */
  readonly points: readonly PlacedPoint[];
}

/** Advance of a letter of a monospaced font, as a share of its size; the widest in use have 0.602. */
const ADVANCE = 0.61;

export function layoutPlot(points: readonly Point[], format: Format): Layout {
  const { width, height, margin } = format;
  const frame = { left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom };
  const cost = costAxis(points.map((point) => point.cost));
  const accuracy = accuracyAxis(points.map((point) => point.accuracy));
  const x = (value: number) => frame.left + cost.at(value) * (frame.right - frame.left);
  const y = (share: number) => frame.bottom - accuracy.at(share) * (frame.bottom - frame.top);
  const front = paretoFront(points);
  const onFront = new Set(front);
  const drawn = [...points.filter((point) => !onFront.has(point)), ...front].map((point) => {
    const mark = markOf(point.profile);
    return {
      ...point,
      x: x(point.cost),
      y: y(point.accuracy),
      mark,
      radius: radiusOf(mark),
      onFront: onFront.has(point),
    };
  });
  const steps = stepsOf(
    front.map((point) => ({ x: x(point.cost), y: y(point.accuracy) })),
    frame,
  );
  return {
    frame,
    cost,
    accuracy,
    costTicks: spaced(cost.ticks, x, format.tickGap * 2),
    accuracyTicks: spaced(accuracy.ticks, y, format.tickGap),
    steps,
    points: labelled(drawn, frame, steps, format),
  };
}

/** A front's points as a staircase: below and to the right of it lies what is beaten. */
function stepsOf(front: readonly Place[], frame: Box): Place[] {
  const steps: Place[] = [];
  let level = frame.bottom;
  for (const { x, y } of front) {
    steps.push({ x, y: level }, { x, y });
    level = y;
  }
  return [...steps, { x: frame.right, y: level }];
}

function labelled(
  points: readonly Omit<PlacedPoint, 'text' | 'label'>[],
  frame: Box,
  steps: readonly Place[],
  { names, nameSize, numberSize }: Format,
): PlacedPoint[] {
  const named = points.map((point) => {
    const isName = names && point.onFront;
    const text = isName ? point.profile : String(point.number);
    const size = point.onFront ? nameSize : numberSize;
    const wanted: Wanted = {
      point,
      radius: point.radius,
      width: [...text].length * size * ADVANCE,
      height: size,
      // What is beaten lies below and to the right of the front: names have most room on the other side.
      towards: point.onFront ? (-3 / 4) * Math.PI : 0,
    };
    return { point, text, wanted };
  });
  const byRoom = named.toSorted((a, b) => Number(b.point.onFront) - Number(a.point.onFront));
  const placed = placeLabels(
    byRoom.map(({ wanted }) => wanted),
    {
      frame: { ...frame, top: 1 }, // above the plot is room for names
      marks: points.map(({ x, y, radius }) => around(x, y, radius * 1.15)),
      lines: steps.slice(1).map((to, i) => ({ from: steps[i], to })),
    },
  );
  const labels = new Map(byRoom.map(({ point }, i) => [point, placed[i]]));
  return named.map(({ point, text }) => ({ ...point, text, label: labels.get(point) }));
}

const around = (x: number, y: number, reach: number): Box => ({
  left: x - reach,
  right: x + reach,
  top: y - reach,
  bottom: y + reach,
});

/** Ticks with their places, those left out that stand too near to the one before. */
function spaced(ticks: readonly number[], at: (value: number) => number, gap: number): [number, number][] {
  const kept: [number, number][] = [];
  for (const tick of ticks) {
    const place = at(tick);
    const last = kept.at(-1);
    if (!last || Math.abs(place - last[1]) >= gap) kept.push([tick, place]);
  }
  return kept;
}
