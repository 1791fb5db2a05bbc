/** Rows out of what was predicted and what was measured. */
import { saturatedMs } from '../../fit/cost.js';
import { type BenchRow, type RowShape, rowOf } from '../row.js';
import { median } from '../statistics.js';
import { type Found, placeOf, processOf } from './measure.js';
import { type Predictions, pointOf } from './predictions.js';

export interface Plan {
  readonly profiles: readonly string[];
  readonly threads: readonly number[];
  readonly quotas: readonly number[];
  readonly tokens: readonly number[];
}

const share = { unit: 'share', against: 'of what was measured' } as const;

/** The rows that an issue sets bars for; they are there whether they could be measured or not. */
export const shapes = {
  latency: {
    id: 'latency-median-error',
    what: 'median of |predicted − measured| mean service time at saturation: every profile, threads, quota and length',
    ...share,
    bar: '<=0.15',
  },
  memory: {
    id: 'memory-median-error',
    what: 'median of |predicted − measured| memory after a thousand texts, anonymous and in all: every profile and number of threads',
    ...share,
    bar: '<=0.1',
  },
  rank: {
    id: 'latency-rank-correlation',
    what: "Spearman's rank correlation of predicted and measured time over the profiles: the mean over threads, quotas and lengths",
    unit: '',
    against: 'the same order',
    bar: '>=0.95',
  },
} as const satisfies Record<string, RowShape>;

interface Pair {
  readonly profile: string;
  readonly predicted: number;
  readonly measured: number;
}

export function rowsOf(plan: Plan, predictions: Predictions, found: Found, note: string): BenchRow[] {
  const conditions = plan.threads.flatMap((threads) =>
    plan.quotas.flatMap((quota) =>
      plan.tokens.map((tokens) => ({
        threads,
        quota,
        tokens,
        pairs: timePairs(plan, predictions, found, { threads, quota, tokens }),
      })),
    ),
  );
  const times = conditions.flatMap(({ pairs }) => pairs);
  const memory = (key: 'rssAnonBytes' | 'rssBytes') => memoryPairs(plan, predictions, found, key);
  const ranks = conditions.map(({ pairs }) => rankCorrelation(pairs));
  const one = conditions.find(({ threads, quota, tokens }) => threads === 1 && quota === 1 && tokens === 32);
  return [
    errorRow(shapes.latency, times, `${times.length} points; ${note}`),
    errorRow(shapes.memory, [...memory('rssAnonBytes'), ...memory('rssBytes')]),
    rowOf(
      shapes.rank,
      [{ value: ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length, reference: 1 }],
      `the least of ${ranks.length} is ${Math.min(...ranks).toFixed(3)}`,
    ),
    errorRow(
      { id: 'anonymous-median-error', what: 'the same of anonymous memory alone', ...share },
      memory('rssAnonBytes'),
    ),
    errorRow({ id: 'rss-median-error', what: 'the same of all memory alone', ...share }, memory('rssBytes')),
    ...conditions.map(({ threads, quota, tokens, pairs }) =>
      errorRow(
        {
          id: `latency-error-${threads}t-${quota}q-${tokens}n`,
          what: `the same with ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${quota} cores, ${tokens} tokens`,
          ...share,
        },
        pairs,
      ),
    ),
    ...(one?.pairs ?? []).map(({ profile, predicted, measured }) =>
      rowOf({ id: profile, what: 'measured, one thread, a core, 32 tokens', unit: 'ms', against: 'ms predicted' }, [
        { value: measured, reference: predicted },
      ]),
    ),
  ];
}

function timePairs(
  { profiles }: Plan,
  predictions: Predictions,
  { service }: Found,
  { threads, quota, tokens }: { readonly threads: number; readonly quota: number; readonly tokens: number },
): Pair[] {
  return profiles.flatMap((profile) => {
    const said = predictions.get(pointOf(profile, threads, tokens));
    const measured = service.get(placeOf(profile, threads, quota, tokens));
    if (said === undefined || measured === undefined) return [];
    return [{ profile, predicted: saturatedMs(said.latencyMs, said.cpuMs, quota), measured }];
  });
}

function memoryPairs(
  { profiles, threads, tokens }: Plan,
  predictions: Predictions,
  found: Found,
  key: 'rssAnonBytes' | 'rssBytes',
): Pair[] {
  return profiles.flatMap((profile) =>
    threads.flatMap((count) => {
      const said = predictions.get(pointOf(profile, count, tokens[0]));
      const measured = found.memory.get(processOf(profile, count));
      return said === undefined || measured === undefined
        ? []
        : [{ profile, predicted: said[key], measured: measured[key] }];
    }),
  );
}

function errorRow(shape: RowShape, pairs: readonly Pair[], note?: string): BenchRow {
  const errors = pairs.map(({ predicted, measured }) => predicted / measured - 1);
  const middle = median(errors.map(Math.abs));
  const bias = median(errors);
  const said = `the middle one is predicted ${Math.abs(100 * bias).toFixed(1)} % too ${bias < 0 ? 'low' : 'high'}`;
  return rowOf(shape, [{ value: middle, reference: 1 }], note === undefined ? said : `${note}; ${said}`);
}

/** Spearman's: the correlation of ranks, equal values sharing theirs. */
export function rankCorrelation(pairs: readonly Pick<Pair, 'predicted' | 'measured'>[]): number {
  const [a, b] = [ranksOf(pairs.map(({ predicted }) => predicted)), ranksOf(pairs.map(({ measured }) => measured))];
  const mean = (pairs.length - 1) / 2;
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, at) => sum + (value - mean) * (y[at] - mean), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}
