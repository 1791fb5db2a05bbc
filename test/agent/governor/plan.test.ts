/** The rungs that a choice leaves. */
import test from 'ava';
import { type Candidate, planOf, worth } from '../../../agent/governor/plan.js';
import { choiceOf, MB, names } from './support/walk.js';

const [full, q8, half, small, bag] = names;
const profilesOf = (rungs: readonly Candidate[]) => rungs.map(({ profile }) => profile);

test('the chosen profile and those below it that fit, most accurate first', (t) => {
  const { rungs, unfit } = planOf(choiceOf({ unfit: [full, half] }), { current: q8 });
  t.deepEqual(profilesOf(rungs), [q8, small, bag]);
  t.is(unfit, undefined);
});

test('a profile that another beats in everything is no rung', (t) => {
  const choice = choiceOf();
  const worse = { ...choice.candidates[2], profile: 'w0.75-p0.00-q8', accuracy: 0.91 };
  const { rungs } = planOf({ ...choice, candidates: [...choice.candidates, worse] }, { current: q8 });
  t.false(profilesOf(rungs).includes('w0.75-p0.00-q8'));
  t.is(rungs.length, 5);
});

test('what saves next to nothing beside a better one is no rung, however many such there are', (t) => {
  const choice = choiceOf();
  const one = choice.candidates[2];
  const hardlyLess = [0.99, 0.98, 0.965, 0.95].map((share, index) => ({
    ...one,
    profile: `w0.50-p0.${50 + index}-q8`,
    accuracy: (one.accuracy ?? 0) - 0.001 * (index + 1),
    predicted: {
      latencyMs: one.predicted.latencyMs,
      rssAnonBytes: one.predicted.rssAnonBytes,
      rssBytes: share * one.predicted.rssBytes,
    },
  }));
  const { rungs } = planOf({ ...choice, candidates: [...choice.candidates, ...hardlyLess] }, { current: q8 });
  t.deepEqual(profilesOf(rungs), [full, q8, half, hardlyLess[2].profile, small, bag]);
});

test('what is barred is neither a rung nor keeps others from being one', (t) => {
  const { rungs } = planOf(choiceOf(), {
    current: small,
    barred: ({ profile }) => profile === full || profile === half,
  });
  t.deepEqual(profilesOf(rungs), [q8, small, bag]);
});

test('the profile in force says why it does not fit', (t) => {
  const { unfit, current } = planOf(choiceOf({ unfit: [full] }), { current: full });
  t.is(unfit, 'needs more than is allowed');
  t.is(current.predicted.rssAnonBytes, 60 * MB);
});

test('a profile in force that the choice does not know stays until somebody says otherwise', (t) => {
  const { unfit, current } = planOf(choiceOf(), { current: 'w0.25-p0.25-q4' });
  t.is(unfit, undefined);
  t.is(current.predicted.latencyMs, 0);
});

test('nothing fits: the chosen one is the only rung', (t) => {
  t.deepEqual(profilesOf(planOf(choiceOf({ unfit: [...names] }), { current: full }).rungs), [bag]);
});

test('without accuracies the larger one counts as the better one', (t) => {
  const [large, smaller] = choiceOf().candidates.map((each) => ({ ...each, accuracy: null }));
  t.true(worth(large) > worth(smaller));
});
