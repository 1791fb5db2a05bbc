/** Scores of a set of answers, counted by hand. */
import test from 'ava';
import { measure, type Outcome } from '../../src/train/index.js';

const row = (truth: string | undefined, top: string, refused = false): Outcome => ({ truth, top, refused });

test('ten rows, counted by hand', (t) => {
  const found = measure([
    row('a', 'a'),
    row('a', 'a'),
    row('a', 'b'),
    row('a', 'a', true), // right, but refused
    row('b', 'b'),
    row('b', 'a', true), // wrong, and refused
    row('b', 'b'),
    row(undefined, 'a', true), // refused as it should be
    row(undefined, 'b', true),
    row(undefined, 'a'), // taken for an a
  ]);
  t.is(found.rows, 10);
  t.is(found.inScopeTop1, 5 / 7); // aa, aa, aa refused, bb, bb
  t.is(found.inScopeAccuracy, 4 / 7);
  t.is(found.outOfScopeRecall, 2 / 3);
  t.is(found.accuracy, 6 / 10);
  // F1 = 2 both / (truth + answer). a: 2 of 4 and 3; b: 2 of 3 and 3; none: 2 of 3 and 4.
  t.true(Math.abs(found.macroF1 - (4 / 7 + 4 / 6 + 4 / 7) / 3) < 1e-12);
});

test('without out-of-scope rows, a refusal is a mistake, and no label of its own', (t) => {
  const found = measure([row('a', 'a'), row('b', 'b', true)]);
  t.is(found.accuracy, 0.5);
  t.is(found.outOfScopeRecall, null);
  t.is(found.macroF1, (1 + 0) / 2);
});

test('only out-of-scope rows', (t) => {
  const found = measure([row(undefined, 'a', true), row(undefined, 'a')]);
  t.deepEqual([found.inScopeTop1, found.inScopeAccuracy, found.outOfScopeRecall], [null, null, 0.5]);
  t.is(found.accuracy, 0.5);
});

test('a label that no row has counts against those that were taken for it', (t) => {
  t.is(measure([row('a', 'c'), row('b', 'b')]).macroF1, 0.5);
});

test('no rows at all', (t) => {
  const found = measure([]);
  t.is(found.accuracy, 0);
  t.is(found.macroF1, 0);
});
