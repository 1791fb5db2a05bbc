/** Products of matrices in onnxruntime, for weights that are worked out of others at every step. */
import { GraphBuilder } from '../model/index.js';
import { noWeights } from '../model/no-weights.js';
import { Tensor } from '../runtime/index.js';
import { StepSession } from './session.js';

export class MatrixProducts {
  private plain: Promise<StepSession> | undefined;
  private transposed: Promise<StepSession> | undefined;

  constructor(private readonly threads: number) {}

  /** into [n, m] = a [n, k] × b [k, m]. */
  async multiply(a: Float32Array, b: Float32Array, k: number, into: Float32Array): Promise<void> {
    this.plain ??= this.open(false);
    await this.run(await this.plain, a, [a.length / k, k], b, [k, b.length / k], into);
  }

  /** into [n, m] = a [n, k] × bᵀ, b [m, k]. */
  async multiplyTransposed(a: Float32Array, b: Float32Array, k: number, into: Float32Array): Promise<void> {
    this.transposed ??= this.open(true);
    await this.run(await this.transposed, a, [a.length / k, k], b, [b.length / k, k], into);
  }

  async close(): Promise<void> {
    for (const session of [this.plain, this.transposed]) await (await session)?.release();
    this.plain = undefined;
    this.transposed = undefined;
  }

  private async run(
    session: StepSession,
    a: Float32Array,
    aDims: readonly number[],
    b: Float32Array,
    bDims: readonly number[],
    into: Float32Array,
  ): Promise<void> {
    const dims = [aDims[0], into.length / aDims[0]];
    const product = new Tensor('float32', into, dims);
    await session.run({ a: new Tensor('float32', a, aDims), b: new Tensor('float32', b, bDims) }, { product });
  }

  private async open(transB: boolean): Promise<StepSession> {
    const graph = new GraphBuilder('product');
    const inputs = [
      graph.input('a', 'float32', ['n', 'k']),
      graph.input('b', 'float32', transB ? ['m', 'k'] : ['k', 'm']),
    ];
    graph.node('Gemm', inputs, transB ? { transB: 1 } : {}, 'product');
    graph.output('product', 'float32', ['n', 'm']);
    return StepSession.open(await graph.plan().encode(noWeights, ''), this.threads);
  }
}
