/** AdamW (Loshchilov and Hutter, arXiv 1711.05101): Adam's steps with bias correction, and a decay of the weights beside them. */
import { type OptimiseScalars, optimiseGraph, squaresGraph } from '../model/gradient/index.js';
import { Tensor } from '../runtime/index.js';
import { type Parameter, type Parameters, WORDS } from './parameters.js';
import { StepSession } from './session.js';

export interface AdamWOptions {
  /** Share of a weight that goes at every step, times the learning rate; biases and normalisations keep theirs. */
  readonly weightDecay: number;
  /** Factor of the learning rate by parameter. */
  readonly rateOf?: (name: string) => number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly threads?: number;
}

/** Running means of a parameter's gradient and of its square. */
export interface Moments {
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/** Numbers from which on onnxruntime is quicker than a loop. */
const MANY = 16_384;

/** Most numbers that are changed at once: operators hand on a few arrays as large. */
const PIECE = 1_048_576;

/** Some of a parameter's numbers, and what is to be done with them. */
interface Piece {
  readonly parameter: Parameter;
  readonly moments: Moments;
  readonly scalars: OptimiseScalars;
  readonly from: number;
  readonly to: number;
}

const isDecayed = ({ name, shape }: Parameter) => shape.length > 1 && !name.includes('LayerNorm');

export class AdamW {
  readonly moments = new Map<string, Moments>();
  /** Words that had a gradient at some step: the vectors of all others stay as they are. */
  readonly seenWords = new Set<number>();
  steps = 0;
  private optimising: Promise<StepSession> | undefined;
  private squaring: Promise<StepSession> | undefined;

  constructor(
    private readonly parameters: Parameters,
    private readonly options: AdamWOptions,
  ) {}

  /**
   * Changes the parameters by their gradients, which it clears. Gradients longer than `clip` together are scaled down to it;
   * gives their length before. Where that is not finite, nothing is changed.
   */
  async step(learningRate: number, clip = Number.POSITIVE_INFINITY): Promise<number> {
    for (const row of this.parameters.touchedWords) this.seenWords.add(row);
    let squares = 0;
    for (const parameter of this.parameters) squares += await this.squares(parameter);
    const length = Math.sqrt(squares);
    if (!Number.isFinite(length)) return length;
    this.steps++;
    const scale = length > clip ? clip / length : 1;
    for (const parameter of this.parameters) {
      const rate = learningRate * (this.options.rateOf?.(parameter.name) ?? 1);
      await this.change(parameter, this.scalars(scale, rate, isDecayed(parameter)));
    }
    this.parameters.clearGradients();
    return length;
  }

  async close(): Promise<void> {
    for (const session of [this.optimising, this.squaring]) await (await session)?.release();
    this.optimising = undefined;
    this.squaring = undefined;
  }

  momentsOf({ name, values }: Parameter): Moments {
    let moments = this.moments.get(name);
    if (!moments) {
      moments = { mean: new Float32Array(values.length), square: new Float32Array(values.length) };
      this.moments.set(name, moments);
    }
    return moments;
  }

  private async squares({ name, gradient, shape, filled }: Parameter): Promise<number> {
    if (!filled) return 0;
    if (name !== WORDS && shape.length === 2 && gradient.length >= MANY) return this.squaresOfRows(gradient, shape);
    if (name !== WORDS) return sumOfSquares(gradient, 0, gradient.length);
    let sum = 0;
    for (const row of this.parameters.touchedWords) sum += sumOfSquares(gradient, row * shape[1], (row + 1) * shape[1]);
    return sum;
  }

  /** Rows in onnxruntime; their sum in double precision. */
  private async squaresOfRows(gradient: Float32Array, shape: readonly number[]): Promise<number> {
    this.squaring ??= squaresGraph().then((graph) => StepSession.open(graph, this.options.threads ?? 1));
    const squares = new Float32Array(shape[0]);
    await (await this.squaring).run(
      { gradient: new Tensor('float32', gradient, shape) },
      { squares: new Tensor('float32', squares, [shape[0]]) },
    );
    return squares.reduce((sum, one) => sum + one, 0);
  }

  private async change(parameter: Parameter, scalars: OptimiseScalars): Promise<void> {
    const { name, shape, values } = parameter;
    if (name === WORDS) {
      const moments = this.momentsOf(parameter);
      for (const row of this.seenWords)
        changeRange({ parameter, moments, scalars, from: row * shape[1], to: (row + 1) * shape[1] });
      return;
    }
    // What has had no gradient yet is no part of what is trained, such as the vectors of a slice that did not run.
    if (!parameter.filled && !this.moments.has(name)) return;
    this.parameters.gradientOf(name);
    const all = { parameter, moments: this.momentsOf(parameter), scalars, from: 0, to: values.length };
    if (values.length < MANY) {
      changeRange(all);
      return;
    }
    const length = Math.ceil(values.length / Math.ceil(values.length / PIECE));
    for (let from = 0; from < values.length; from += length)
      await this.changePiece({ ...all, from, to: Math.min(values.length, from + length) });
  }

  private async changePiece({ parameter, moments, scalars, from, to }: Piece): Promise<void> {
    this.optimising ??= optimiseGraph().then((graph) => StepSession.open(graph, this.options.threads ?? 1));
    const some = (numbers: Float32Array) => new Tensor('float32', numbers.subarray(from, to), [to - from]);
    const one = ([name, value]: [string, number]) => [name, new Tensor('float32', Float32Array.of(value), [])] as const;
    const inPlace = { values: some(parameter.values), mean: some(moments.mean), square: some(moments.square) };
    const gradient = some(parameter.gradient);
    await (await this.optimising).run(
      { ...inPlace, gradient, ...Object.fromEntries(Object.entries(scalars).map(one)) },
      { new_values: inPlace.values, new_mean: inPlace.mean, new_square: inPlace.square },
    );
  }

  /** Algorithm 2, lines 6 to 12, with bias correction and clipping brought into the factors. */
  private scalars(scale: number, rate: number, isDecayed: boolean): OptimiseScalars {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay } = this.options;
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    return {
      mean_kept: beta1,
      mean_taken: (1 - beta1) * scale,
      square_kept: beta2,
      square_taken: (1 - beta2) * scale * scale,
      values_kept: 1 - (isDecayed ? rate * weightDecay : 0),
      step_size: (rate * correction) / (1 - beta1 ** this.steps),
      floor: epsilon * correction,
    };
  }
}

/** The graph's formula for some of a parameter's numbers. */
function changeRange({ parameter: { values, gradient }, moments: { mean, square }, scalars, from, to }: Piece): void {
  const { mean_kept, mean_taken, square_kept, square_taken, values_kept, step_size, floor } = scalars;
  for (let i = from; i < to; i++) {
    const g = gradient[i];
    const m = mean_kept * mean[i] + mean_taken * g;
    const v = square_kept * square[i] + square_taken * g * g;
    mean[i] = m;
    square[i] = v;
    values[i] = values[i] * values_kept - (step_size * m) / (Math.sqrt(v) + floor);
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
