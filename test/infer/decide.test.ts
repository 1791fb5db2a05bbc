/** From logits to an answer. */
import test from 'ava';
import { argmax, decide, softmax } from '../../src/infer/index.js';

const labels = ['a', 'b', 'c'];
const single = { labels, noneLabel: 'none', problem: 'single', calibration: { temperature: 1 } } as const;
const near = (x: number, y: number) => Math.abs(x - y) < 1e-6;

test('softmax: sums to one, flatter when hotter, safe for large logits', (t) => {
  const logits = Float32Array.of(1, 3, 2);
  const [cold, hot] = [softmax(logits, 0.5), softmax(logits, 4)];
  for (const shares of [cold, hot, softmax(Float32Array.of(1e30, -1e30, 0), 0.02)])
    t.true(
      near(
        shares.reduce((sum, x) => sum + x, 0),
        1,
      ),
    );
  t.true(cold[1] > hot[1]);
  t.true(near(softmax(logits, 1)[1], Math.exp(3) / (Math.exp(1) + Math.exp(2) + Math.exp(3))));
  t.is(argmax(logits), 1);
  t.is(argmax(Float32Array.of(2, 2)), 0);
});

test('single label: the best one, with its calibrated probability', (t) => {
  const { label, score, ...rest } = decide(Float32Array.of(0, 2, 1), undefined, single);
  t.is(label, 'b');
  t.true(near(score, Math.exp(2) / (1 + Math.exp(2) + Math.exp(1))));
  t.deepEqual(rest, {});
  const hot = decide(Float32Array.of(0, 2, 1), undefined, { ...single, calibration: { temperature: 10 } });
  t.true(hot.score < score && hot.label === 'b');
});

test('refusal: below the threshold on the sum of both measures', (t) => {
  const refusal = { logitMean: 5, logitStd: 2, similarityMean: 0.5, similarityStd: 0.25, threshold: -1 };
  const how = { ...single, noneLabel: 'oos', calibration: { temperature: 1, refusal } };
  const answer = (logit: number, similarity: number | undefined) =>
    decide(Float32Array.of(logit, 0, 0), similarity, how);
  t.is(answer(5, 0.5).label, 'a'); // 0 + 0
  t.is(answer(3, 0.5).label, 'a'); // −1 + 0: at the threshold
  t.is(answer(1, 0.75).label, 'a'); // −2 + 1
  const refused = answer(3, 0.25); // −1 − 1
  t.deepEqual([refused.label, refused.refused], ['oos', true]);
  t.true(near(refused.score, softmax(Float32Array.of(3, 0, 0), 1)[0]));
  t.is(answer(1, undefined).label, 'a'); // a head without prototypes never refuses
});

test('multi-label: every label from one half on, best first; none of them is a refusal', (t) => {
  const multi = { ...single, problem: 'multi' } as const;
  const both = decide(Float32Array.of(0, -3, 2), undefined, multi);
  t.deepEqual(
    both.labels?.map(({ label }) => label),
    ['c', 'a'],
  );
  t.is(both.label, 'c');
  t.true(near(both.score, 1 / (1 + Math.exp(-2))));
  t.is(both.labels?.[1].score, 0.5);
  const nothing = decide(Float32Array.of(-1, -2, -3), undefined, multi);
  t.deepEqual([nothing.label, nothing.refused, nothing.labels], ['none', true, []]);
  t.true(near(nothing.score, 1 / (1 + Math.exp(1))));
  t.is(decide(Float32Array.of(-1e9, 1e9, 0), undefined, multi).score, 1);
});
