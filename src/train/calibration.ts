/** Makes scores mean what they say: a temperature (Guo et al., arXiv 1706.04599), and the threshold for refusing. */
import type { Calibration, Refusal } from '../bundle/index.js';
import { argmax, fitness, softmax } from '../infer/index.js';

/** One eval row: what the network said, and the label's number, or undefined where it belongs to no label. */
export interface Judged {
  readonly logits: Float32Array;
  readonly similarity: number | undefined;
  readonly label: number | undefined;
}

/** The temperature with the smallest mean log loss over the in-scope rows, by golden-section search on its logarithm. */
export function fitTemperature(rows: readonly Judged[]): number {
  const known = rows.flatMap(({ logits, label }) => (label === undefined ? [] : [{ logits, label }]));
  const loss = (logTemperature: number) => {
    const temperature = Math.exp(logTemperature);
    let sum = 0;
    for (const { logits, label } of known) sum -= Math.log(Math.max(softmax(logits, temperature)[label], 1e-12));
    return sum;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.02), Math.log(50)];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  for (let i = 0; i < 40; i++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - ratio * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + ratio * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Expected calibration error over the in-scope rows, in `bins` of equal width. */
export function calibrationError(rows: readonly Judged[], temperature: number, bins = 15): number {
  const sums = Array.from({ length: bins }, () => ({ score: 0, right: 0 }));
  let known = 0;
  for (const { logits, label } of rows) {
    if (label === undefined) continue;
    const best = argmax(logits);
    const score = softmax(logits, temperature)[best];
    const bin = sums[Math.min(bins - 1, Math.floor(score * bins))];
    bin.score += score;
    bin.right += best === label ? 1 : 0;
    known++;
  }
  return sums.reduce((error, { score, right }) => error + Math.abs(score - right) / known, 0);
}

/** The threshold below which at most `share` of the in-scope rows fall. Undefined where the network gives no similarity. */
export function fitRefusal(rows: readonly Judged[], share: number): Refusal | undefined {
  const known = rows.flatMap(({ logits, similarity, label }) =>
    label === undefined || similarity === undefined ? [] : [{ logit: logits[argmax(logits)], similarity }],
  );
  if (known.length === 0) return undefined;
  const logit = spread(known.map((row) => row.logit));
  const similarity = spread(known.map((row) => row.similarity));
  const measures = {
    logitMean: logit.mean,
    logitStd: logit.std,
    similarityMean: similarity.mean,
    similarityStd: similarity.std,
    threshold: 0,
  };
  const sorted = known.map((row) => fitness(row.logit, row.similarity, measures)).sort((a, b) => a - b);
  return { ...measures, threshold: sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] };
}

function spread(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) || 1 };
}

/** Temperature, refusal and calibration errors from a profile's own answers to the eval rows. */
export function calibrate(rows: readonly Judged[], refuseShare: number): Calibration {
  const temperature = fitTemperature(rows);
  return {
    temperature,
    refusal: fitRefusal(rows, refuseShare),
    calibrationErrorBefore: calibrationError(rows, 1),
    calibrationErrorAfter: calibrationError(rows, temperature),
  };
}
