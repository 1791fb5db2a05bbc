import test from 'ava';
import { type LabelledText, NgramClassifier } from '../../../../src/bench/models/ngram/classifier.js';
import { featuresOf } from '../../../../src/bench/models/ngram/features.js';
import { fitOne } from '../../../../src/bench/models/ngram/svm.js';

const rows: LabelledText[] = [
  ['turn on the light', 'light'],
  ['switch the lamp off', 'light'],
  ['please dim the lights', 'light'],
  ['play some jazz', 'music'],
  ['turn up the song', 'music'],
  ['play my favourite songs', 'music'],
  ['will it rain today', 'weather'],
  ['weather in paris', 'weather'],
  ['is it going to be rainy', 'weather'],
];

const fitted = (seed = 1) => NgramClassifier.fit(rows, { buckets: 4096, cost: 2, seed });

test('it learns its rows, and words that it never saw by the characters they share', (t) => {
  const classifier = fitted();
  t.deepEqual(classifier.labels, ['light', 'music', 'weather']);
  for (const [text, label] of rows) t.is(classifier.predict(text), label, text);
  t.is(classifier.predict('raining again'), 'weather');
  t.is(classifier.predict('lighting'), 'light');
});

test('what it takes is its weights in 8 bits with a scale a label, and a constant', (t) => {
  t.is(fitted().bytes, 3 * (4096 + 1) + 3 * 4);
});

test('a seed repeats it, and any text has an answer', (t) => {
  const [one, other] = [fitted(), fitted()];
  for (const text of ['', '   ', '🙂', 'turn it', '\u0000', 'x'.repeat(5000)]) {
    t.is(one.predict(text), other.predict(text));
    t.true(one.labels.includes(one.predict(text)));
  }
});

test('features are words, pairs of words and runs of characters, each side of the same length', (t) => {
  const { indices, values } = featuresOf('Play JAZZ', 1 << 20);
  t.deepEqual(featuresOf('play jazz', 1 << 20), { indices, values });
  // Two words, one pair; of each word with its two ends 5 runs of two, 4 of three, 3 of four and 2 of five; a constant.
  t.is(indices.filter((index) => index < 1 << 20 && index % 2 === 0).length, 3);
  t.is(indices.filter((index) => index % 2 === 1).length, 28);
  t.is(indices[indices.length - 1], 1 << 20);
  for (const side of [0, 1]) {
    const squares = values.filter((_, at) => at < values.length - 1 && indices[at] % 2 === side).map((x) => x * x);
    t.true(Math.abs(squares.reduce((sum, x) => sum + x, 0) - 0.5) < 1e-6);
  }
});

test('the machine finds the optimum: the gradient of its loss is zero', (t) => {
  const vectors = [
    [1, 0.2],
    [0.8, -0.1],
    [-0.9, 0.4],
    [-0.2, 0.1],
    [0.1, -0.3],
  ].map((values) => ({ indices: Int32Array.of(0, 1), values: Float32Array.from(values) }));
  const labels = [true, true, false, false, true];
  const cost = 1.5;
  const weights = fitOne(vectors, labels, 2, { cost, tolerance: 1e-9, mostEpochs: 10_000, seed: 1 });
  const gradient = [...weights];
  for (const [row, { values }] of vectors.entries()) {
    const sign = labels[row] ? 1 : -1;
    const missing = 1 - sign * (weights[0] * values[0] + weights[1] * values[1]);
    if (missing > 0) for (const at of [0, 1]) gradient[at] -= 2 * cost * missing * sign * values[at];
  }
  t.true(Math.hypot(...gradient) < 1e-6, `${gradient}`);
});
