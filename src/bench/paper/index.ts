/**
 * `snug bench paper`: the network of arXiv 2501.00042, its table of parameters and bytes counted anew, and Snug's slices of the
 * same network beside it, in one runtime. docs/benchmarks.md says what each row is.
 */
import type { PlannedGraph } from '../../model/index.js';
import type { Benchmark } from '../benchmark.js';
import { type BenchRow, type Round, type RowShape, rowOf } from '../row.js';
import { type Form, planToy } from './graph.js';
import { loads, SEQUENCE_TOKENS, type Times, timeToys } from './measure.js';
import { cutToy, matrices, randomToy, type Toy } from './toy.js';

const DEFAULT_ROUNDS = 21;
const SEED = 1;

/** The paper's table at hidden size 64 and 32. */
const paper = {
  64: { params: 140_288, bytes: 1_122_304, seconds: 0.02408 },
  32: { params: 67_072, bytes: 536_576, seconds: 0.01596 },
} as const;

const ratioOfPaper = `the paper: ${paper[32].seconds} s to ${paper[64].seconds}, ${(paper[32].seconds / paper[64].seconds).toFixed(3)}`;

const full = randomToy(64, SEED);
const half = cutToy(full, 32, 32);
const halfPruned = cutToy(full, 32, 16);

/** What is measured. The paper's own two come first. */
const sides = {
  'float64 d=64': [full, 'float64'],
  'float64 d=32': [half, 'float64'],
  'fp32 d=64': [full, 'float32'],
  'fp32 d=32': [half, 'float32'],
  'w0.50-p0.50-q32': [halfPruned, 'float32'],
  'w1.00-p0.00-q8': [full, 'int8'],
  'w0.50-p0.00-q8': [half, 'int8'],
  'w0.50-p0.50-q8': [halfPruned, 'int8'],
  "w0.50-p0.50-q8, a bundle's operators": [halfPruned, 'int8-rows'],
  'w0.50-p0.50-q4': [halfPruned, 'int4'],
} as const satisfies Record<string, readonly [Toy, Form]>;
type Side = keyof typeof sides;
const sideNames = Object.keys(sides) as Side[];

const clocks: Readonly<Record<keyof Times, string>> = {
  one: `${loads.one.sequences} at a time`,
  many: `${loads.many.sequences} at a time, by the runtime's own clock`,
  manyCalled: `${loads.many.sequences} at a time, from the call to the scores in JavaScript's memory`,
};

const baseline: Side = 'fp32 d=64';
const slice: Side = 'w0.50-p0.50-q8';

/** Rows that set one side beside another, by a part of their ids. */
const comparisons: readonly (readonly [id: string, side: Side, against: Side])[] = [
  ['half-float64', 'float64 d=32', 'float64 d=64'],
  ['half-fp32', 'fp32 d=32', baseline],
  ['fp32-vs-float64', baseline, 'float64 d=64'],
  ['pruned-fp32', 'w0.50-p0.50-q32', baseline],
  ['full-int8', 'w1.00-p0.00-q8', baseline],
  ['half-int8', 'w0.50-p0.00-q8', baseline],
  ['half-vs-full-int8', 'w0.50-p0.00-q8', 'w1.00-p0.00-q8'],
  ['pruned-vs-full-int8', slice, 'w1.00-p0.00-q8'],
  ['snug-vs-float64', slice, 'float64 d=64'],
  ['bundle-operators', "w0.50-p0.50-q8, a bundle's operators", baseline],
  ['int4', 'w0.50-p0.50-q4', baseline],
];

export const paperBenchmark: Benchmark = {
  name: 'paper',
  summary: "the network of arXiv 2501.00042, its table counted anew, and Snug's slices of it beside it: bytes, time",
  async run({ rounds = DEFAULT_ROUNDS, say }) {
    const graphs = new Map(sideNames.map((side) => [side, planToy(sides[side][0], sides[side][1])] as const));
    return [...countedRows(), ...byteRows(graphs), ...timeRows(await timeToys(graphs, rounds, say))];
  },
};

/** Parameters and bytes of the paper's two networks, counted from the matrices and from the graph's weights. */
export function countedRows(): BenchRow[] {
  return ([64, 32] as const).flatMap((size) => {
    const toy = size === 64 ? full : half;
    const params = matrices.reduce((sum, name) => sum + toy.values[name].length, 0);
    const bytes = planToy(toy, 'float64').weightBytes;
    const row = (kind: 'params' | 'bytes', unit: string, value: number) => {
      const what = `counted, hidden size ${size}, float64`;
      return rowOf({ id: `paper-${kind}-${size}`, what, unit, against: 'the paper', bar: '=1' }, [
        { value, reference: paper[size][kind] },
      ]);
    };
    return [row('params', 'parameters', params), row('bytes', 'bytes', bytes)];
  });
}

function byteRows(graphs: ReadonlyMap<Side, PlannedGraph>): BenchRow[] {
  const bytes = (side: Side) => graphs.get(side)?.weightBytes ?? Number.NaN;
  const row = (id: string, side: Side, against: Side, bar?: RowShape['bar']) =>
    rowOf({ id: `paper-${id}-bytes`, what: `all weights of ${side}, scales too`, unit: 'bytes', against, bar }, [
      { value: bytes(side), reference: bytes(against) },
    ]);
  return [row('snug', slice, baseline, '<=0.15'), ...comparisons.map((one) => row(...one))];
}

function timeRows(times: ReadonlyMap<Side, Times>): BenchRow[] {
  const row = (id: string, side: Side, against: Side, clock: keyof Times, bar?: RowShape['bar']) => {
    const other = times.get(against)?.[clock] ?? [];
    const rounds: Round[] = (times.get(side)?.[clock] ?? []).map((value, at) => ({ value, reference: other[at] }));
    const what = `${side}, sequences of ${SEQUENCE_TOKENS} tokens, 1 thread: ${clocks[clock]}`;
    const note = id.startsWith('paper-half-float64') ? ratioOfPaper : undefined;
    return rowOf({ id, what, unit: 'ms', against, bar }, rounds, note);
  };
  return [
    row('paper-snug-time', slice, baseline, 'many', '<=0.5'),
    row('paper-snug-time-called', slice, baseline, 'manyCalled'),
    row('paper-snug-time-one', slice, baseline, 'one'),
    ...comparisons.flatMap(([id, side, against]) => [
      row(`paper-${id}-time`, side, against, 'many'),
      row(`paper-${id}-time-one`, side, against, 'one'),
    ]),
  ];
}
