/** onnxruntime's own Gemm at the sizes of a training step: the products of one layer with its weights, forward and for both gradients. */
import { Emitter } from '../../model/gradient/emitter.js';
import type { EncoderShape } from '../../model/index.js';
import { Tensor } from '../../runtime/index.js';
import { StepSession } from '../../train/session.js';

interface Product {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Products with weights in the largest layer; a step has them once a layer. */
function productsOf({ hiddenSize: hidden, headSize, layers }: EncoderShape): Product[] {
  const width = layers[0].heads * headSize;
  const [inward, outward] = [
    { inputs: hidden, outputs: width },
    { inputs: width, outputs: hidden },
  ];
  return [
    ...['query', 'key', 'value'].map((name) => ({ name, ...inward })),
    { name: 'output', ...outward },
    { name: 'up', inputs: hidden, outputs: layers[0].neurons },
    { name: 'down', inputs: layers[0].neurons, outputs: hidden },
  ];
}

/** Multiplications and additions of a step's products with weights, for so many rows. */
export function flopsOf(shape: EncoderShape, rows: number): number {
  const weights = productsOf(shape).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  return 3 * 2 * rows * weights * shape.layers.length;
}

export class Products {
  private constructor(
    private readonly session: StepSession,
    private readonly products: readonly Product[],
    private readonly layers: number,
  ) {}

  static async open(shape: EncoderShape, threads: number): Promise<Products> {
    const products = productsOf(shape);
    const emit = new Emitter('products');
    for (const { name } of products) {
      const x = emit.input(`x.${name}`, ['rows', `${name}.in`]);
      const weight = emit.input(`weight.${name}`, [`${name}.out`, `${name}.in`]);
      const dy = emit.input(`dy.${name}`, ['rows', `${name}.out`]);
      emit.output(`y.${name}`, emit.product(x, weight, { transB: true }), ['rows', `${name}.out`]);
      emit.output(`dx.${name}`, emit.product(dy, weight), ['rows', `${name}.in`]);
      emit.output(`dw.${name}`, emit.product(dy, x, { transA: true }), [`${name}.out`, `${name}.in`]);
    }
    return new Products(await StepSession.open(await emit.encode(), threads), products, shape.layers.length);
  }

  /** Milliseconds for a step's products, run by run; results land in arrays that are there already, and are copied nowhere. */
  async run(rows: readonly number[]): Promise<number> {
    let ms = 0;
    for (const count of rows) {
      const { feeds, results } = this.tensors(count);
      const start = performance.now();
      for (let layer = 0; layer < this.layers; layer++) await this.session.run(feeds, results);
      ms += performance.now() - start;
    }
    return ms;
  }

  close(): Promise<void> {
    return this.session.release();
  }

  private tensors(rows: number) {
    const some = (...dims: number[]) => {
      const values = new Float32Array(dims.reduce((product, size) => product * size, 1)).fill(0.5);
      return new Tensor('float32', values, dims);
    };
    const feeds: Record<string, Tensor> = {};
    const results: Record<string, Tensor> = {};
    for (const { name, inputs, outputs } of this.products) {
      feeds[`x.${name}`] = some(rows, inputs);
      feeds[`weight.${name}`] = some(outputs, inputs);
      feeds[`dy.${name}`] = some(rows, outputs);
      results[`y.${name}`] = some(rows, outputs);
      results[`dx.${name}`] = some(rows, inputs);
      results[`dw.${name}`] = some(outputs, inputs);
    }
    return { feeds, results };
  }
}
