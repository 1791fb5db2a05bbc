/** From what each side gave in each round to the rows of the table. */
import { type BenchRow, type Round, type RowShape, rowOf, unmeasured } from '../row.js';
import { median } from '../statistics.js';
import type { SideId } from './sides.js';

/** One side's figure in every round, or why there is none. */
export type Sample = { readonly figures: readonly number[]; readonly note?: string } | { readonly why: string };
export type Samples = ReadonlyMap<SideId, Sample>;

/** A row before it is measured: which side gives the value and which the reference. */
export interface RowPlan {
  readonly shape: Omit<RowShape, 'against'>;
  readonly value: SideId;
  /** Several: the one that does best is the reference, so that the other product is shown at its best. */
  readonly against?: readonly SideId[];
  readonly lowIsBetter: boolean;
}

/** Composes rows; a side without figures makes its rows unmeasured, with its reason. */
export function compose(plans: readonly RowPlan[], samples: Samples, nameOf: (side: SideId) => string): BenchRow[] {
  return plans.map((plan) => {
    const value = samples.get(plan.value) ?? { why: 'not tried' };
    const reference = plan.against === undefined ? undefined : bestOf(plan.against, samples, plan.lowIsBetter);
    const shape: RowShape = {
      ...plan.shape,
      ...(plan.against === undefined ? {} : { against: nameOf(reference?.side ?? plan.against[0]) }),
    };
    if ('why' in value) return unmeasured(shape, `${nameOf(plan.value)}: ${value.why}`);
    if (reference === undefined)
      return rowOf(
        shape,
        value.figures.map((figure) => ({ value: figure })),
        value.note,
      );
    if ('why' in reference.sample) return unmeasured(shape, `${nameOf(reference.side)}: ${reference.sample.why}`);
    const others = reference.sample.figures;
    const rounds: Round[] = value.figures
      .slice(0, others.length)
      .map((figure, round) => ({ value: figure, reference: others[round] }));
    const notes = [value.note, reference.sample.note].filter((note) => note !== undefined);
    return rowOf(shape, rounds, notes.length === 0 ? undefined : notes.join('; against '));
  });
}

function bestOf(sides: readonly SideId[], samples: Samples, lowIsBetter: boolean): { side: SideId; sample: Sample } {
  let best: { side: SideId; sample: Sample; figure: number } | undefined;
  for (const side of sides) {
    const sample = samples.get(side);
    if (sample === undefined || 'why' in sample) continue;
    const figure = median(sample.figures) * (lowIsBetter ? 1 : -1);
    if (best === undefined || figure < best.figure) best = { side, sample, figure };
  }
  return best ?? { side: sides[0], sample: samples.get(sides[0]) ?? { why: 'not tried' } };
}
