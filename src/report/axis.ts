/** Axes: from values to places, and where their ticks stand. */

export interface Axis {
  /** Place of a value, 0 at the axis' beginning and 1 at its end. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly logarithmic: boolean;
}

/** From this ratio of the largest to the smallest on, equal steps stand for equal ratios. */
const WIDE_RANGE = 5;

/** Errors below this are drawn as this: a logarithm has no zero. */
const LEAST_ERROR = 0.0005;

/** Room beyond the outermost points, as a share of the axis. */
const MARGIN = 0.05;

/** An axis of costs, all above 0 where it is logarithmic. */
export function costAxis(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least > 0 && most / least >= WIDE_RANGE) return logAxis(least, most, decadeTicks);
  const room = most > least ? (most - least) * MARGIN : Math.abs(most) * 0.1 || 1;
  return linearAxis(Math.max(0, least - room), most + room);
}

/**
 * An axis of shares of right answers. Where the errors span a wide range, equal steps stand for equal ratios of errors: from 90 to
 * 95 % is as far as from 80 to 90.
 */
export function accuracyAxis(shares: readonly number[]): Axis {
  const errors = shares.map((share) => Math.max(LEAST_ERROR, 1 - share));
  const [least, most] = [Math.min(...errors), Math.max(...errors)];
  if (most / least < WIDE_RANGE) {
    const [low, high] = [1 - most, 1 - least];
    const room = Math.max(0.005, (high - low) * MARGIN);
    return linearAxis(Math.max(0, low - room), Math.min(1, high + room));
  }
  const { at, ticks } = logAxis(least, Math.min(1, most), errorTicks);
  return {
    at: (share) => 1 - at(Math.max(LEAST_ERROR, 1 - share)),
    ticks: ticks.map((error) => 1 - error),
    logarithmic: true,
  };
}

function linearAxis(from: number, to: number): Axis {
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const ticks = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) ticks.push(Number((i * step).toPrecision(12)));
  return { at: (value) => (value - from) / (to - from), ticks, logarithmic: false };
}

function logAxis(least: number, most: number, ticksWithin: (from: number, to: number) => number[]): Axis {
  const room = Math.log(most / least) * MARGIN;
  const [from, to] = [Math.log(least) - room, Math.log(most) + room];
  return {
    at: (value) => (Math.log(value) - from) / (to - from),
    ticks: ticksWithin(Math.exp(from), Math.exp(to)),
    logarithmic: true,
  };
}

/** 1, 2, 5, 10, …; over one decade or less more of them. */
function decadeTicks(from: number, to: number): number[] {
  const factors = to / from > 12 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++)
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(3)));
  return ticks.filter((tick) => tick >= from && tick <= to);
}

const roundErrors = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1];
const coarseErrors = [0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1];

const errorTicks = (from: number, to: number) =>
  [...roundErrors, ...coarseErrors].filter((error) => error >= from && error <= to);
