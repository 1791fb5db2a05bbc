/** Finished runs as rows: what is lost at each budget, over seeds; before and after training; beside n-grams. */
import { type Bar, type BenchRow, type RowShape, rowOf, valueRow } from '../row.js';
import { budgets, fullOf, lossOf, pairedHalfWidth, pick, worstOfFourBits } from './picks.js';
import type { ProfileRecord, RunRecord } from './record.js';

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

/** What the full fp32 model reaches, in percent; bars where the whole network was trained. */
const fullFigures: readonly {
  readonly id: string;
  readonly what: string;
  readonly of: (full: ProfileRecord) => number | null;
  readonly bars: Readonly<Record<string, Bar>>;
}[] = [
  {
    id: 'full',
    what: 'the full fp32 model, in scope, refusal off',
    of: (full) => full.inScopeTop1,
    bars: { clinc150: '>=96', sst2: '>=88' },
  },
  {
    id: 'full-refusing',
    what: 'the same with refusal on',
    of: (full) => full.inScopeAccuracy,
    bars: { clinc150: '>=94' },
  },
  {
    id: 'full-refused',
    what: 'the full fp32 model, out of scope: refused',
    of: (full) => full.outOfScopeRecall,
    bars: { clinc150: '>=80' },
  },
  {
    id: 'full-all',
    what: 'the full fp32 model, all rows, refusal on',
    of: (full) => full.accuracy,
    bars: { clinc150: '>=91.8' },
  },
];

function fullRows(
  id: (name: string) => string,
  task: string,
  isTrained: boolean,
  fulls: readonly ProfileRecord[],
  seeds: string,
): BenchRow[] {
  return fullFigures
    .filter(({ id, bars }) => id === 'full' || bars[task] !== undefined)
    .map(({ id: name, what, of, bars }) =>
      meanRow(
        { id: id(name), what, unit: '%', ...(isTrained && bars[task] && { bar: bars[task] }) },
        fulls.map((full) => 100 * (of(full) ?? Number.NaN)),
        seeds,
      ),
    );
}

/** @param records of one task and one recipe */
export function rowsOf(task: string, recipe: string, records: readonly RunRecord[]): BenchRow[] {
  const id = (name: string) => `${task}-${recipe}-${name}`;
  const seeds = `seeds ${records.map(({ seed }) => seed).join(', ')}`;
  const fulls = records.flatMap((record) => fullOf(record) ?? []);
  if (fulls.length === 0) return [];
  const isTrained = recipe === 'full';
  const rows = fullRows(id, task, isTrained, fulls, seeds);
  for (const budget of budgets) {
    const picked = records.flatMap((record) => {
      const profile = pick(record, budget);
      if (!profile) return [];
      const interval = `±${pairedHalfWidth(record, profile).toFixed(2)}`;
      return [{ named: `${profile.profile} (${interval})`, loss: lossOf(record, profile) }];
    });
    if (picked.length === 0) continue;
    const note = `${seeds}: ${picked.map(({ named }) => named).join(', ')}`;
    const shape = (suffix: string, what: string, bar: RowShape['bar']): RowShape => ({
      id: id(budget.id + suffix),
      what: `${budget.what}: ${what}`,
      unit: 'points lost',
      ...(isTrained && bar && { bar }),
    });
    rows.push(
      meanRow(
        shape('', 'in scope, refusal off', budget.bars[task]),
        picked.map(({ loss }) => loss.inScope),
        note,
      ),
    );
    if (task !== 'clinc150') continue;
    rows.push(
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
          ...(isTrained && task === 'clinc150' && { bar: '<=1' }),
        },
        fours.map(({ loss }) => loss),
        `${seeds}: ${fours.map(({ profile }) => profile).join(', ')}`,
      ),
    );
  return rows;
}
