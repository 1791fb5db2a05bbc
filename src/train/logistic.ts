/**
 * Multinomial logistic regression on frozen vectors: convex, so that the same rows always give the same head. The products
 * run in onnxruntime; the descent is L-BFGS.
 */

import { GraphBuilder } from '../model/index.js';
import { noWeights } from '../model/no-weights.js';
import { InferenceSession, Tensor } from '../runtime/index.js';
import { minimise } from './lbfgs.js';

/** Vectors of one length, row after row. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface LinearHead {
  /** [labels, columns] */
  readonly weight: Float32Array;
  /** [labels] */
  readonly bias: Float32Array;
}

export interface LogisticOptions {
  /** C: the inverse of the regularisation's strength, as in ½‖W‖² + C Σ loss. */
  readonly inverseRegularisation: number;
  readonly start?: LinearHead;
  /** Largest entry of the mean loss's gradient at which the fit counts as converged. */
  readonly tolerance?: number;
  readonly onIteration?: (iteration: number, loss: number) => void;
}

const TOLERANCE = 2e-6;
const MAX_ITERATIONS = 300;

/** Fits heads to one set of rows, one regularisation after the other; close it when done. */
export class LogisticRegression {
  private constructor(
    private readonly session: InferenceSession,
    private readonly vectors: Tensor,
    private readonly targets: Tensor,
    private readonly labels: number,
    private readonly matrix: Matrix,
  ) {}

  /** @param classes the label's number of every row, or what is wanted of each label, [rows, labels] */
  static async open(matrix: Matrix, classes: readonly number[] | Float32Array, labels: number, threads: number) {
    const session = await InferenceSession.create(await lossGraph(matrix.columns, labels), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const targets = classes instanceof Float32Array ? classes : oneHot(classes, labels);
    return new LogisticRegression(
      session,
      new Tensor('float32', matrix.values, [matrix.rows, matrix.columns]),
      new Tensor('float32', targets, [matrix.rows, labels]),
      labels,
      matrix,
    );
  }

  async fit({
    inverseRegularisation,
    start,
    tolerance = TOLERANCE,
    onIteration,
  }: LogisticOptions): Promise<LinearHead> {
    const { labels, matrix } = this;
    const weights = labels * matrix.columns;
    const initial = new Float64Array(weights + labels);
    if (start) {
      initial.set(start.weight);
      initial.set(start.bias, weights);
    }
    const strength = 1 / (inverseRegularisation * matrix.rows);
    const gradient = new Float64Array(initial.length);
    const { point } = await minimise(
      async (at) => {
        const weight = Float32Array.from(at.subarray(0, weights));
        const bias = Float32Array.from(at.subarray(weights));
        const { loss, weight_gradient, bias_gradient } = await this.session.run({
          x: this.vectors,
          y: this.targets,
          weight: new Tensor('float32', weight, [labels, matrix.columns]),
          bias: new Tensor('float32', bias, [labels]),
        });
        let penalty = 0;
        const [dWeight, dBias] = [weight_gradient.data as Float32Array, bias_gradient.data as Float32Array];
        for (let i = 0; i < weights; i++) {
          penalty += at[i] * at[i];
          gradient[i] = dWeight[i] / matrix.rows + strength * at[i];
        }
        for (let i = 0; i < labels; i++) gradient[weights + i] = dBias[i] / matrix.rows;
        const value = sum(loss.data as Float32Array) / matrix.rows + (strength * penalty) / 2;
        return { value, gradient };
      },
      initial,
      { tolerance, maxIterations: MAX_ITERATIONS, onIteration },
    );
    return { weight: Float32Array.from(point.subarray(0, weights)), bias: Float32Array.from(point.subarray(weights)) };
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

function oneHot(classes: readonly number[], labels: number): Float32Array {
  const targets = new Float32Array(classes.length * labels);
  for (const [row, label] of classes.entries()) targets[row * labels + label] = 1;
  return targets;
}

/** In double precision: the line search needs more digits than a sum of float32 has. */
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

/** Loss of every row, and the gradients of their sum, for x [rows, columns] and one-hot y [rows, labels]. */
async function lossGraph(columns: number, labels: number): Promise<Uint8Array> {
  const graph = new GraphBuilder('logistic');
  const x = graph.input('x', 'float32', ['rows', columns]);
  const y = graph.input('y', 'float32', ['rows', labels]);
  const weight = graph.input('weight', 'float32', [labels, columns]);
  const bias = graph.input('bias', 'float32', [labels]);
  const logits = graph.node('Gemm', [x, weight, bias], { transB: 1 }, 'scores');
  const log = graph.node('LogSoftmax', [logits], { axis: 1 });
  const chosen = graph.node('ReduceSum', [graph.node('Mul', [y, log]), graph.ints('axis_1', [1])], { keepdims: 0 });
  graph.node('Neg', [chosen], {}, 'loss');
  const error = graph.node('Sub', [graph.node('Exp', [log]), y]);
  graph.node('Gemm', [error, x], { transA: 1 }, 'weight_gradient');
  graph.node('ReduceSum', [error, graph.ints('axis_0', [0])], { keepdims: 0 }, 'bias_gradient');
  graph.output('loss', 'float32', ['rows']);
  graph.output('weight_gradient', 'float32', [labels, columns]);
  graph.output('bias_gradient', 'float32', [labels]);
  return graph.plan().encode(noWeights, '');
}
