/** Finished runs as rows: what is lost at each budget, over seeds; before and after training; beside n-grams. */
import { type BenchRow, type RowShape, rowOf, valueRow } from '../row.js';
import { budgets, fullOf, lossOf, pick, worstOfFourBits } from './picks.js';
import type { RunRecord } from './record.js';

/** Whether everything that the ladder recommends is worth more than n-grams, which cost next to nothing. */
export function ngramRow(task: string, record: RunRecord, ngrams: number): BenchRow {
  const recommended = record.profiles.filter(({ recommended, profile }) => recommended && profile.startsWith('w'));
  const beaten = recommended.filter(({ inScopeTop1 }) => inScopeTop1 <= ngrams).map(({ profile }) => profile);
  const [worst] = recommended.toSorted((a, b) => a.inScopeTop1 - b.inScopeTop1);
  return {
    ...rowOf(
      {
        id: `${task}-${record.recipe}-ngrams`,
        what: 'the least accurate transformer profile that the ladder recommends, in scope, refusal off',
        unit: '%',
        against: 'linear classifier over hashed n-grams',
      },
      worst ? [{ value: 100 * worst.inScopeTop1, reference: 100 * ngrams }] : [],
    ),
    note: beaten.length > 0 ? `use n-grams instead of ${beaten.join(', ')}` : (worst?.profile ?? ''),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A bar on a mean over seeds itself, not on a ratio. */
function meanRow(shape: RowShape, values: readonly number[], note: string): BenchRow {
  return {
    ...valueRow(shape, mean(values), note),
    rounds: values.length,
    spread: [Math.min(...values), Math.max(...values)],
  };
}

/** @param records of one task and one recipe */
export function rowsOf(task: string, recipe: string, records: readonly RunRecord[]): BenchRow[] {
  const id = (name: string) => `${task}-${recipe}-${name}`;
  const seeds = `seeds ${records.map(({ seed }) => seed).join(', ')}`;
  const fulls = records.flatMap((record) => fullOf(record) ?? []);
  if (fulls.length === 0) return [];
  // Bars are for what training keeps; SST-2's stand in docs/training.md.
  const isBarred = recipe === 'full' && task === 'clinc150';
  const full = meanRow(
    { id: id('full'), what: 'the full fp32 model, in scope, refusal off', unit: '%' },
    fulls.map(({ inScopeTop1 }) => 100 * inScopeTop1),
    seeds,
  );
  const rows = [full];
  for (const budget of budgets) {
    const picked = records.flatMap((record) => {
      const profile = pick(record, budget);
      return profile ? [{ profile: profile.profile, loss: lossOf(record, profile) }] : [];
    });
    if (picked.length === 0) continue;
    const note = `${seeds}: ${picked.map(({ profile }) => profile).join(', ')}`;
    const shape = (suffix: string, what: string, bar: RowShape['bar']): RowShape => ({
      id: id(budget.id + suffix),
      what: `${budget.what}: ${what}`,
      unit: 'points lost',
      ...(isBarred && { bar }),
    });
    rows.push(
      meanRow(
        shape('', 'in scope, refusal off', budget.bar),
        picked.map(({ loss }) => loss.inScope),
        note,
      ),
      meanRow(
        shape('-all', 'all rows, refusal on', '<=1.5'),
        picked.map(({ loss }) => loss.all),
        note,
      ),
    );
  }
  const fours = records.flatMap((record) => worstOfFourBits(record) ?? []);
  if (fours.length > 0)
    rows.push(
      meanRow(
        {
          id: id('four-bits'),
          what: '4 bits against 8 of the same shape, the shape that loses most',
          unit: 'points lost',
          ...(isBarred && { bar: '<=1' }),
        },
        fours.map(({ loss }) => loss),
        `${seeds}: ${fours.map(({ profile }) => profile).join(', ')}`,
      ),
    );
  return rows;
}
