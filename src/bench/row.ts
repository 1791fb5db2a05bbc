/** One line of a benchmark's result: what was measured, against what, and whether a bar was reached. */

/** A limit on a row's ratio: `<=0.45`, or `=1` for figures that are counted, not measured. */
export type Bar = `<=${number}` | `>=${number}` | `=${number}`;

export interface BenchRow {
  readonly id: string;
  /** What was measured and how, for a person. */
  readonly what: string;
  readonly unit: string;
  /** Null where it could not be measured. */
  readonly value: number | null;
  readonly reference: { readonly what: string; readonly value: number | null } | null;
  /** value / reference.value. */
  readonly ratio: number | null;
  readonly bar: Bar | null;
  /** Whether the bar is reached; null on a row without a bar that was measured, false on any row that was not measured. */
  readonly met: boolean | null;
  /** Interleaved rounds behind the figures. */
  readonly rounds?: number;
  /** The smallest and the largest ratio of a single round (value where there is no reference). */
  readonly spread?: readonly [number, number];
  /** What the measurement had to fix or found out: batch sizes, answers that agree, a broker's name. */
  readonly note?: string;
  /** Why there is no figure. */
  readonly why?: string;
}

export interface RowShape {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** The other side's name; absent for an absolute figure. */
  readonly against?: string;
  readonly bar?: Bar;
}

/** One round: both sides measured next to each other in time. */
export interface Round {
  readonly value: number;
  readonly reference?: number;
}

/** The number in a bar. */
export function limitOf(bar: Bar): number {
  return Number(bar.replace(/^[<>]?=/, ''));
}

/** True where `figure` keeps the bar. */
export function keeps(bar: Bar, figure: number): boolean {
  const limit = limitOf(bar);
  if (bar.startsWith('<=')) return figure <= limit;
  return bar.startsWith('>=') ? figure >= limit : figure === limit;
}

/**
 * A row out of its rounds. The round whose ratio is the median one is shown, so that value, reference and ratio belong
 * together; of an even number of rounds the one that is worse for the bar. Throws nothing: no rounds make an unmeasured row.
 */
export function rowOf(shape: RowShape, rounds: readonly Round[], note?: string): BenchRow {
  const figureOf = (round: Round): number =>
    shape.against === undefined ? round.value : round.value / (round.reference ?? 0);
  const sound = rounds.filter((round) => Number.isFinite(figureOf(round)));
  if (sound.length === 0) return unmeasured(shape, 'no round gave a figure');
  const sorted = sound.toSorted((one, other) => figureOf(one) - figureOf(other));
  const lowIsBetter = !shape.bar?.startsWith('>=');
  const middle = sorted[lowIsBetter ? Math.floor(sorted.length / 2) : Math.ceil(sorted.length / 2) - 1];
  const ratio = shape.against === undefined ? null : figureOf(middle);
  return {
    id: shape.id,
    what: shape.what,
    unit: shape.unit,
    value: middle.value,
    reference: shape.against === undefined ? null : { what: shape.against, value: middle.reference ?? null },
    ratio,
    bar: shape.bar ?? null,
    met: shape.bar === undefined || ratio === null ? null : keeps(shape.bar, ratio),
    rounds: sound.length,
    spread: [figureOf(sorted[0]), figureOf(sorted[sorted.length - 1])],
    ...(note === undefined ? {} : { note }),
  };
}

/** A row with one figure and no other side: its bar is on the figure itself. */
export function valueRow(shape: RowShape, value: number, note?: string): BenchRow {
  if (!Number.isFinite(value)) return unmeasured(shape, 'nothing came');
  return {
    id: shape.id,
    what: shape.what,
    unit: shape.unit,
    value,
    reference: null,
    ratio: null,
    bar: shape.bar ?? null,
    met: shape.bar === undefined ? null : keeps(shape.bar, value),
    ...(note !== undefined && { note }),
  };
}

/** A row without figures, and why; never reached, whatever its bar. */
export function unmeasured(shape: RowShape, why: string): BenchRow {
  return {
    id: shape.id,
    what: shape.what,
    unit: shape.unit,
    value: null,
    reference: shape.against === undefined ? null : { what: shape.against, value: null },
    ratio: null,
    bar: shape.bar ?? null,
    met: false,
    why,
  };
}
