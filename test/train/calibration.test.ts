/** Temperature, expected calibration error, and the threshold for refusing. */
import test from 'ava';
import { fitness, softmax } from '../../src/infer/index.js';
import { calibrationError, fitRefusal, fitTemperature } from '../../src/train/calibration.js';
import { calibrate, type Judged, seededRandom } from '../../src/train/index.js';

/** Rows whose true chance of label 1 is known, and a network that says so, but `boldness` times too sure of itself. */
function overconfident(count: number, boldness: number): Judged[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => {
    const logit = (random() - 0.5) * 6;
    const label = random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    return { logits: Float32Array.of(0, boldness * logit), similarity: random(), label };
  });
}

const logLoss = (rows: readonly Judged[], temperature: number) =>
  rows.reduce((sum, { logits, label }) => sum - Math.log(softmax(logits, temperature)[label ?? 0]), 0) / rows.length;

test('the temperature is what the scores were too sure by', (t) => {
  for (const boldness of [0.3, 1, 5]) {
    const temperature = fitTemperature(overconfident(4000, boldness));
    t.true(Math.abs(temperature / boldness - 1) < 0.1, `${temperature} for ${boldness}`);
  }
});

test('no temperature nearby has a smaller log loss', (t) => {
  const rows = overconfident(500, 4);
  const temperature = fitTemperature(rows);
  const best = logLoss(rows, temperature);
  t.true(best < logLoss(rows, 1));
  for (const factor of [0.8, 0.95, 1.05, 1.25]) t.true(logLoss(rows, temperature * factor) >= best);
});

test('rows that belong to no label do not count', (t) => {
  const rows = overconfident(500, 2);
  const strangers = rows.map(({ logits, similarity }) => ({ logits, similarity, label: undefined }));
  t.is(fitTemperature([...rows, ...strangers]), fitTemperature(rows));
  t.is(calibrationError([...rows, ...strangers], 1), calibrationError(rows, 1));
  t.deepEqual(fitRefusal([...rows, ...strangers], 0.1), fitRefusal(rows, 0.1));
});

test('all right or all wrong: the temperature stays a number that can be divided by', (t) => {
  const right = [{ logits: Float32Array.of(0, 9), similarity: 1, label: 1 }];
  const wrong = [{ logits: Float32Array.of(0, 9), similarity: 1, label: 0 }];
  const [cold, hot] = [fitTemperature(right), fitTemperature(wrong)];
  t.true(cold > 0.01 && cold < 1);
  t.true(hot > 1 && hot < 60);
});

test('expected calibration error, counted by hand', (t) => {
  // Two labels: a logit of ln(p / (1 − p)) is a score of p.
  const row = (score: number, isRight: boolean): Judged => ({
    logits: Float32Array.of(0, Math.log(score / (1 - score))),
    similarity: undefined,
    label: isRight ? 1 : 0,
  });
  // Scores of 0.9: half are right. Scores of 0.6: all are. (2 × 0.9 − 1) / 4 + |2 × 0.6 − 2| / 4
  const rows = [row(0.9, true), row(0.9, false), row(0.6, true), row(0.6, true)];
  t.true(Math.abs(calibrationError(rows, 1) - (0.8 + 0.8) / 4) < 1e-6);
  // In one bin all four stand together: |3.0 − 3| / 4
  t.true(Math.abs(calibrationError(rows, 1, 1)) < 1e-6);
});

test('the temperature makes scores mean what they say', (t) => {
  const {
    temperature,
    calibrationErrorBefore = 0,
    calibrationErrorAfter = 1,
  } = calibrate(overconfident(4000, 5), 0.03);
  t.true(temperature > 4);
  t.true(
    calibrationErrorBefore > 0.1 && calibrationErrorAfter < 0.03,
    `${calibrationErrorBefore}, ${calibrationErrorAfter}`,
  );
});

test('the threshold refuses at most the share asked for, and nearly as much', (t) => {
  const rows = overconfident(1000, 1);
  for (const share of [0, 0.03, 0.1, 0.5]) {
    const refusal = fitRefusal(rows, share);
    if (!refusal) return t.fail('no threshold');
    const refused = rows.filter(
      ({ logits, similarity }) => fitness(Math.max(...logits), similarity ?? 0, refusal) < refusal.threshold,
    ).length;
    t.true(refused <= share * 1000 && refused >= share * 1000 - 5, `${refused} of 1000 for ${share}`);
  }
});

test('what counts is the sum of both measures, each on its own scale', (t) => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    logits: Float32Array.of(i * 100),
    similarity: ((i * 37) % 100) / 1e4,
    label: 0,
  }));
  const refusal = fitRefusal(rows, 0.03);
  t.true(Math.abs((refusal?.logitMean ?? 0) - 4950) < 1e-9);
  t.true(Math.abs((refusal?.similarityMean ?? 0) - 0.00495) < 1e-9);
  t.true(Math.abs((refusal?.logitStd ?? 0) / (refusal?.similarityStd ?? 1) - 1e6) < 1);
});

test('without similarity there is no threshold; equal rows give one that refuses none of them', (t) => {
  t.is(fitRefusal([{ logits: Float32Array.of(1, 2), similarity: undefined, label: 1 }], 0.03), undefined);
  const same = Array.from({ length: 10 }, () => ({ logits: Float32Array.of(1, 2), similarity: 0.5, label: 1 }));
  const refusal = fitRefusal(same, 0.5);
  t.true(refusal !== undefined && !(fitness(2, 0.5, refusal) < refusal.threshold));
});
