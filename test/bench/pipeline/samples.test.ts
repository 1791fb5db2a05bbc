import test from 'ava';
import { compose, type RowPlan, type Sample } from '../../../src/bench/pipeline/samples.js';
import { nameOf, type SideId } from '../../../src/bench/pipeline/sides.js';

const start: RowPlan = {
  shape: { id: 'start-vs-tjs', what: 'start', unit: 'ms', bar: '<=0.5' },
  value: 'run-int8',
  against: ['tjs-q8', 'tjs-q8-external'],
  lowIsBetter: true,
};

test('the reference is the side that does best', (t) => {
  const samples = new Map<SideId, Sample>([
    ['run-int8', { figures: [150, 150, 150] }],
    ['tjs-q8', { figures: [330, 330, 330] }],
    ['tjs-q8-external', { figures: [290, 290, 290] }],
  ]);
  const [row] = compose([start], samples, nameOf);
  t.like(row, { reference: { what: 'transformers.js q8, external weights', value: 290 }, met: false });

  const rate: RowPlan = { ...start, shape: { ...start.shape, bar: '>=1.5' }, lowIsBetter: false };
  t.like(compose([rate], samples, nameOf)[0], { reference: { value: 330 } });
});

test('rounds are paired, so that both sides of a ratio were measured next to each other', (t) => {
  const samples = new Map<SideId, Sample>([
    ['run-int8', { figures: [10, 40, 12] }],
    ['tjs-q8', { figures: [30, 90, 30] }],
  ]);
  const [row] = compose([{ ...start, against: ['tjs-q8'] }], samples, nameOf);
  t.like(row, { value: 12, reference: { value: 30 }, ratio: 0.4, rounds: 3 });
});

test('a side that failed makes its rows unmeasured, with its reason, and leaves the others', (t) => {
  const samples = new Map<SideId, Sample>([
    ['run-int8', { figures: [150] }],
    ['tjs-q8', { why: 'not installed' }],
    ['tjs-q8-external', { why: 'not installed' }],
  ]);
  const alone: RowPlan = { shape: { id: 'start', what: 'start', unit: 'ms' }, value: 'run-int8', lowIsBetter: true };
  const [compared, absolute] = compose([start, alone], samples, nameOf);
  t.like(compared, { value: null, met: false, why: 'transformers.js q8: not installed' });
  t.like(absolute, { value: 150, met: null });
});

test('a side that nobody tried is named too', (t) => {
  const [row] = compose([start], new Map(), nameOf);
  t.like(row, { met: false, why: 'snug run int8: not tried' });
});
