import test from 'ava';
import { keeps, rowOf, unmeasured } from '../../src/bench/row.js';

const shape = { id: 'fast', what: 'time to answer', unit: 'ms', against: 'the other', bar: '<=0.5' } as const;

test('a bar is kept at its limit and on its good side', (t) => {
  t.true(keeps('<=0.45', 0.45));
  t.false(keeps('<=0.45', 0.4501));
  t.true(keeps('>=1.5', 1.5));
  t.false(keeps('>=1.5', 1.49));
  t.true(keeps('=1', 1));
  t.false(keeps('=1', 1.0001));
});

test('the row shows the round with the median ratio, so that its figures belong together', (t) => {
  const row = rowOf(shape, [
    { value: 4, reference: 10 },
    { value: 30, reference: 10 }, // something else ran on the machine
    { value: 5, reference: 10 },
  ]);
  t.like(row, {
    value: 5,
    reference: { what: 'the other', value: 10 },
    ratio: 0.5,
    bar: '<=0.5',
    met: true,
    rounds: 3,
  });
  t.deepEqual(row.spread, [0.4, 3]);
});

test('of an even number of rounds the worse of the two middle ones counts', (t) => {
  const low = rowOf(shape, [
    { value: 4, reference: 10 },
    { value: 6, reference: 10 },
  ]);
  t.like(low, { ratio: 0.6, met: false });
  const high = rowOf({ ...shape, bar: '>=0.5' }, [
    { value: 4, reference: 10 },
    { value: 6, reference: 10 },
  ]);
  t.like(high, { ratio: 0.4, met: false });
});

test('a missed bar says so; a row without a bar is neither met nor missed', (t) => {
  t.false(rowOf(shape, [{ value: 6, reference: 10 }]).met);
  t.is(rowOf({ ...shape, bar: undefined }, [{ value: 6, reference: 10 }]).met, null);
});

test('an absolute figure has no reference and no ratio', (t) => {
  const row = rowOf({ id: 'rate', what: 'records', unit: 'records/s' }, [
    { value: 100 },
    { value: 300 },
    { value: 200 },
  ]);
  t.like(row, { value: 200, reference: null, ratio: null, bar: null, met: null });
  t.deepEqual(row.spread, [100, 300]);
});

test('what could not be measured is there, not met, and says why', (t) => {
  t.like(unmeasured(shape, 'the peer is not installed'), {
    id: 'fast',
    value: null,
    reference: { what: 'the other', value: null },
    ratio: null,
    bar: '<=0.5',
    met: false,
    why: 'the peer is not installed',
  });
  t.like(rowOf(shape, []), { value: null, met: false, why: 'no round gave a figure' });
});

test('a round whose reference is nothing does not become a figure', (t) => {
  const row = rowOf(shape, [
    { value: 1, reference: 0 },
    { value: 3, reference: 10 },
  ]);
  t.like(row, { ratio: 0.3, rounds: 1 });
});
