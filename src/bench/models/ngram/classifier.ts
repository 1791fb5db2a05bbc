/** The simplest rival: a linear classifier over hashed words and character n-grams. */
import { featuresOf, type SparseVector } from './features.js';
import { fitOne } from './svm.js';

export type LabelledText = readonly [text: string, label: string];

export interface NgramOptions {
  /** An even number: features that share a bucket are one feature. */
  readonly buckets: number;
  readonly cost: number;
  readonly seed: number;
}

const TOLERANCE = 0.1;
const MOST_EPOCHS = 100;

export class NgramClassifier {
  private constructor(
    readonly labels: readonly string[],
    private readonly buckets: number,
    /** [buckets + 1, labels]: what a text reads lies side by side. */
    private readonly weights: Int8Array,
    /** [labels] */
    private readonly scales: Float32Array,
  ) {}

  /** Fits one machine a label, then keeps its weights in 8 bits, a scale a label. */
  static fit(rows: readonly LabelledText[], { buckets, cost, seed }: NgramOptions): NgramClassifier {
    const labels = [...new Set(rows.map(([, label]) => label))].sort();
    const vectors = rows.map(([text]) => featuresOf(text, buckets));
    const weights = new Int8Array((buckets + 1) * labels.length);
    const scales = new Float32Array(labels.length);
    for (const [column, label] of labels.entries()) {
      const isLabel = rows.map(([, own]) => own === label);
      const fitted = fitOne(vectors, isLabel, buckets + 1, {
        cost,
        tolerance: TOLERANCE,
        mostEpochs: MOST_EPOCHS,
        seed,
      });
      const largest = fitted.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
      scales[column] = largest / 127 || 1;
      for (const [bucket, weight] of fitted.entries())
        weights[bucket * labels.length + column] = Math.round(weight / scales[column]);
    }
    return new NgramClassifier(labels, buckets, weights, scales);
  }

  /** Bytes of all that a prediction reads. */
  get bytes(): number {
    return this.weights.byteLength + this.scales.byteLength;
  }

  predict(text: string): string {
    const scores = this.scores(featuresOf(text, this.buckets));
    let best = 0;
    for (let label = 1; label < scores.length; label++) if (scores[label] > scores[best]) best = label;
    return this.labels[best];
  }

  private scores({ indices, values }: SparseVector): Float32Array {
    const { weights, scales } = this;
    const scores = new Float32Array(scales.length);
    for (let at = 0; at < indices.length; at++)
      for (let label = 0, from = indices[at] * scores.length; label < scores.length; label++)
        scores[label] += values[at] * weights[from + label];
    return scores.map((score, label) => score * scales[label]);
  }
}
