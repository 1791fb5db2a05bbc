/** Measuring a profile on labelled rows. */
import test, { type ExecutionContext } from 'ava';
import { type Bundle, openBundle } from '../../src/bundle/index.js';
import { type EvaluateOptions, evaluate } from '../../src/evaluate/index.js';
import { load } from '../../src/infer/index.js';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import { fixture } from '../model/support.js';

useOwnCache(test);

const FULL = 'w1.00-p0.00-q32';
const EIGHT = 'w1.00-p0.00-q8';

const texts = ['turn off the lamp', 'is it high?', 'a', 'low and high', 'what is in my room', 'zebra 42'];

/** Rows whose labels are what the bundle answers, but for the last, which is wrong. */
async function scene(t: ExecutionContext) {
  const folder = await bundleOf(t);
  const bundle = await openBundle(folder);
  const model = await load(folder, { profile: FULL });
  const answers = await model.predict(texts);
  await model.close();
  const rows = texts.map((text, i) => ({ text, label: answers[i].label, line: i + 1 }));
  const wrong = bundle.manifest.labels.find((label) => label !== rows[5].label) ?? '';
  rows[5] = { ...rows[5], label: wrong };
  return { bundle, rows };
}

const on = (bundle: Bundle, rows: EvaluateOptions['rows'], more: Partial<EvaluateOptions> = {}) =>
  evaluate(bundle, { rows, file: 'rows.tsv', profile: FULL, ...more });

test('what is right is counted, what is asked is answered', async (t) => {
  const { bundle, rows } = await scene(t);
  const progress: number[] = [];
  const found = await on(bundle, rows, { onProgress: (done) => progress.push(done) });
  t.is(found.rows, 6);
  t.is(found.accuracy, 5 / 6);
  t.is(found.inScopeTop1, 5 / 6);
  t.is(found.outOfScopeRecall, null);
  t.deepEqual(progress, [1, 2, 3, 4, 5, 6]);
  t.true(found.latencyMs.p50 > 0 && (found.rssAnonBytes ?? 0) > 0);
  t.is(found.params, bundle.manifest.ladder[0].params);
  t.is(found.weightBytes, bundle.manifest.ladder[0].weightBytes);
});

test('rows of no label count as right where they are refused, as wrong where they are not', async (t) => {
  const { bundle, rows } = await scene(t);
  // This head never refuses.
  const found = await on(bundle, [...rows, { text: 'strange', label: bundle.manifest.noneLabel, line: 7 }]);
  t.is(found.outOfScopeRecall, 0);
  t.is(found.accuracy, 5 / 7);
  t.is(found.inScopeTop1, 5 / 6);
});

test('many rows beside another profile: every row is told once, in order, and held against its own answer', async (t) => {
  const { bundle, rows } = await scene(t);
  const many = Array.from({ length: 121 }, (_, i) => ({ ...rows[i % rows.length], line: i + 1 }));
  const truths: (string | undefined)[] = [];
  const found = await on(bundle, many, { compare: FULL, onOutcome: ({ truth }) => truths.push(truth) });
  t.is(found.compare?.agreement, 1);
  t.is(found.compare?.accuracy, found.accuracy);
  t.deepEqual(
    truths,
    many.map(({ label }) => label),
  );
});

test('another profile beside it: the same rows, in turn', async (t) => {
  const { bundle, rows } = await scene(t);
  const found = await on(bundle, rows, { compare: EIGHT });
  t.is(found.compare?.profile, EIGHT);
  t.true((found.compare?.agreement ?? 0) >= 5 / 6);
  t.true((found.compare?.latencyRatio ?? 0) > 0);
  const alone = await on(bundle, rows, { profile: EIGHT });
  t.is(found.compare?.accuracy, alone.accuracy);
});

test('multi-label: the best label counts, none at all is a refusal', async (t) => {
  const { expected } = await fixture(t, 'distilbert-multi-label');
  const bundle = await openBundle(await bundleOf(t, 'distilbert-multi-label'));
  const rows = expected.texts.map(({ text, scores = [] }, i) => {
    const best = scores.indexOf(Math.max(...scores));
    const label = scores[best] >= 0.5 ? (expected.labels?.[best] ?? '') : bundle.manifest.noneLabel;
    return { text, label, line: i + 1 };
  });
  t.is((await on(bundle, rows)).accuracy, 1);
});

test('a label that the bundle does not know is refused before anything is loaded', async (t) => {
  const { bundle, rows } = await scene(t);
  const strange = [...rows, { text: 'a', label: 'unheard of', line: 42 }];
  const error = await t.throwsAsync(on(bundle, strange), { code: 'EVAL_LABEL' });
  t.regex(error?.message ?? '', /^rows\.tsv:42: .*'unheard of'/);
});
