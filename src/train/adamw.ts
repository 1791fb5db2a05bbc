/** AdamW (Loshchilov and Hutter, arXiv 1711.05101): Adam's steps with bias correction, and a decay of the weights beside them. */
import { type Parameter, type Parameters, WORDS } from './parameters.js';

export interface AdamWOptions {
  /** Share of a weight that goes at every step, times the learning rate; biases and normalisations keep theirs. */
  readonly weightDecay: number;
  /** Factor of the learning rate by parameter. */
  readonly rateOf?: (name: string) => number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Running means of a parameter's gradient and of its square. */
export interface Moments {
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

interface Step {
  /** Of the gradients, for clipping. */
  readonly scale: number;
  readonly rate: number;
  readonly decay: number;
}

const isDecayed = ({ name, shape }: Parameter) => shape.length > 1 && !name.includes('LayerNorm');

export class AdamW {
  readonly moments = new Map<string, Moments>();
  /** Words that had a gradient at some step: the vectors of all others stay as they are. */
  readonly seenWords = new Set<number>();
  steps = 0;

  constructor(
    private readonly parameters: Parameters,
    private readonly options: AdamWOptions,
  ) {}

  /**
   * Changes the parameters by their gradients, which it clears. Gradients longer than `clip` together are scaled down to it;
   * gives their length before. Where that is not finite, nothing is changed.
   */
  step(learningRate: number, clip = Number.POSITIVE_INFINITY): number {
    for (const row of this.parameters.touchedWords) this.seenWords.add(row);
    const length = Math.sqrt([...this.parameters].reduce((sum, one) => sum + this.squares(one), 0));
    if (!Number.isFinite(length)) return length;
    this.steps++;
    const scale = length > clip ? clip / length : 1;
    for (const parameter of this.parameters) {
      const rate = learningRate * (this.options.rateOf?.(parameter.name) ?? 1);
      const decay = isDecayed(parameter) ? rate * this.options.weightDecay : 0;
      this.change(parameter, { scale, rate, decay });
    }
    this.parameters.clearGradients();
    return length;
  }

  momentsOf({ name, values }: Parameter): Moments {
    let moments = this.moments.get(name);
    if (!moments) {
      moments = { mean: new Float32Array(values.length), square: new Float32Array(values.length) };
      this.moments.set(name, moments);
    }
    return moments;
  }

  private squares({ name, gradient, shape, filled }: Parameter): number {
    if (!filled) return 0;
    if (name !== WORDS) return sumOfSquares(gradient, 0, gradient.length);
    let sum = 0;
    for (const row of this.parameters.touchedWords) sum += sumOfSquares(gradient, row * shape[1], (row + 1) * shape[1]);
    return sum;
  }

  private change(parameter: Parameter, step: Step): void {
    const { name, shape } = parameter;
    if (name !== WORDS) {
      // What has had no gradient yet is no part of what is trained, such as the vectors of a slice that did not run.
      if (parameter.filled || this.moments.has(name)) this.changeRange(parameter, step, 0, parameter.values.length);
      return;
    }
    for (const row of this.seenWords) this.changeRange(parameter, step, row * shape[1], (row + 1) * shape[1]);
  }

  /** Algorithm 2, lines 6 to 12. */
  private changeRange(parameter: Parameter, { scale, rate, decay }: Step, from: number, to: number): void {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = this.options;
    const gradient = this.parameters.gradientOf(parameter.name);
    const { values } = parameter;
    const { mean, square } = this.momentsOf(parameter);
    const stepSize = rate / (1 - beta1 ** this.steps);
    const rootOfCorrection = Math.sqrt(1 - beta2 ** this.steps);
    const kept = 1 - decay;
    for (let i = from; i < to; i++) {
      const g = gradient[i] * scale;
      const m = beta1 * mean[i] + (1 - beta1) * g;
      const v = beta2 * square[i] + (1 - beta2) * g * g;
      mean[i] = m;
      square[i] = v;
      values[i] = values[i] * kept - (stepSize * m) / (Math.sqrt(v) / rootOfCorrection + epsilon);
    }
  }
}

/** In four sums, which the processor adds up side by side. */
function sumOfSquares(values: Float32Array, from: number, to: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = from;
  for (; i + 3 < to; i += 4) {
    a += values[i] * values[i];
    b += values[i + 1] * values[i + 1];
    c += values[i + 2] * values[i + 2];
    d += values[i + 3] * values[i + 3];
  }
  for (; i < to; i++) a += values[i] * values[i];
  return a + b + c + d;
}
