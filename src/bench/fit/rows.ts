/** Rows out of cases. */
import { type BenchRow, type RowShape, rowOf, unmeasured } from '../row.js';
import { type CaseResult, LIMIT_MS, PER_SECOND } from './case.js';
import type { Streamed } from './stream.js';

export const shapes = {
  served: {
    id: 'fit-served',
    what: `cases in which what fit chose served 1,000 texts at ${PER_SECOND} a second with ${LIMIT_MS} ms at p95, and lived through 100 long ones`,
    unit: 'cases',
    against: 'in which fit found a profile',
    bar: '>=1',
  },
  tight: {
    id: 'fit-tight',
    what: 'cases in which the next more accurate profile, forced, was killed or late, or in which there is none',
    unit: 'cases',
    against: 'in which fit found a profile',
    bar: '>=0.8',
  },
} as const satisfies Record<string, RowShape>;

export function rowsOf(results: readonly CaseResult[]): BenchRow[] {
  const found = results.filter(({ fit }) => 'profile' in fit);
  const served = found.filter((each) => each.served?.outcome === 'served');
  const tight = found.filter(({ forced }) => forced === undefined || forced.streamed.outcome !== 'served');
  const without = found.filter(({ forced }) => forced === undefined);
  const cases = (shape: RowShape, those: readonly CaseResult[], note: string) =>
    found.length === 0
      ? unmeasured(shape, 'fit found no profile in any case')
      : rowOf(shape, [{ value: those.length, reference: found.length }], note);
  return [
    cases(shapes.served, served, `${results.length - found.length} of ${results.length} cases have no profile`),
    cases(shapes.tight, tight, `in ${without.length} of them no profile is told apart from the chosen one`),
    ...results.map(caseRow),
  ];
}

function caseRow({ megabytes, cores, fit, served, forced }: CaseResult): BenchRow {
  const shape: RowShape = {
    id: `fit-${megabytes}-${cores}`,
    what: `${megabytes} MB, ${cores} cores: p95 of what fit chose`,
    unit: 'ms',
    against: 'ms allowed',
  };
  if ('why' in fit) return unmeasured(shape, fit.why);
  if ('none' in fit) return unmeasured(shape, `fit: ${fit.none}`);
  const others = forced
    ? `; next ${forced.profile}: ${described(forced.streamed)}`
    : '; no profile is told apart as more accurate';
  const note = `${fit.profile}: ${served === undefined ? 'not run' : described(served)}${others}`;
  if (served?.p95Ms === undefined || served.p95Ms === null) return unmeasured(shape, note);
  return rowOf(shape, [{ value: served.p95Ms, reference: LIMIT_MS }], note);
}

function described({ outcome, answered, p50Ms, p95Ms, majorFaults, detail }: Streamed): string {
  const times = p95Ms === null ? '' : `, p50 ${p50Ms?.toFixed(1)} and p95 ${p95Ms.toFixed(1)} ms`;
  return `${outcome}, ${answered} answered${times}, ${majorFaults} pages read${detail === '' ? '' : ` (${detail})`}`;
}
