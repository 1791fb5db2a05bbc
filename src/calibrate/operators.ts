/** The pieces of a layer, run by onnxruntime with weights that are handed over at every call. */

import { attentionGraph, innerGraph, momentGraph, productGraph, residualGraph } from '../model/blocks.js';
import type { Activation } from '../model/index.js';
import { InferenceSession, Tensor } from '../runtime/index.js';

/** A dense layer as its product reads it. */
export interface Affine {
  /** [inputs, outputs] */
  readonly weight: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

const tensor = (values: Float32Array, ...dims: number[]) => new Tensor('float32', values, dims);
const floats = (value: { readonly data: unknown }) => value.data as Float32Array;

/** Sessions are made when first asked for; `close` releases them. */
export class Operators {
  private readonly sessions = new Map<string, Promise<InferenceSession>>();

  constructor(
    private readonly options: {
      readonly activation: Activation;
      readonly layerNormEps: number;
      readonly threads: number;
    },
  ) {}

  /** hidden [batch × tokens, k] → context [batch × tokens, heads × headSize]. */
  async context(
    hidden: Float32Array,
    batch: number,
    tokens: number,
    heads: number,
    qkv: Affine,
  ): Promise<Float32Array> {
    const rows = batch * tokens;
    const session = await this.session(`attention ${heads}`, () => attentionGraph(heads));
    const { context } = await session.run({
      hidden: tensor(hidden, batch, tokens, hidden.length / rows),
      ...fed(qkv),
    });
    return floats(context);
  }

  /** hidden [rows, k] → activated neurons [rows, neurons]. */
  async inner(hidden: Float32Array, rows: number, up: Affine): Promise<Float32Array> {
    const session = await this.session('inner', () => innerGraph(this.options.activation));
    const { inner } = await session.run({ hidden: tensor(hidden, rows, hidden.length / rows), ...fed(up) });
    return floats(inner);
  }

  /** x [rows, in] through a dense layer, added to skip [rows, k]; the sum, and the sum with mean 0 and variance 1 a row. */
  async residual(x: Float32Array, rows: number, dense: Affine, skip: Float32Array) {
    const session = await this.session('residual', () => residualGraph(this.options.layerNormEps));
    const k = skip.length / rows;
    const { sum, normalised } = await session.run({
      hidden: tensor(x, rows, x.length / rows),
      ...fed(dense),
      skip: tensor(skip, rows, k),
      one: tensor(new Float32Array(k).fill(1), k),
    });
    return { sum: floats(sum), normalised: floats(normalised) };
  }

  /** aᵀb for a [rows, p] and b [rows, q]. */
  async moment(a: Float32Array, b: Float32Array, rows: number): Promise<Float32Array> {
    const session = await this.session('moment', momentGraph);
    const { product } = await session.run({ a: tensor(a, rows, a.length / rows), b: tensor(b, rows, b.length / rows) });
    return floats(product);
  }

  /** a [rows, k] × b [k, columns]. */
  async product(a: Float32Array, rows: number, b: Float32Array): Promise<Float32Array> {
    const session = await this.session('product', productGraph);
    const k = a.length / rows;
    const { product } = await session.run({ a: tensor(a, rows, k), b: tensor(b, k, b.length / k) });
    return floats(product);
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await (await session).release();
    this.sessions.clear();
  }

  private session(key: string, graph: () => Promise<Uint8Array>): Promise<InferenceSession> {
    const known = this.sessions.get(key);
    if (known) return known;
    const made = graph().then((bytes) =>
      InferenceSession.create(bytes, {
        intraOpNumThreads: this.options.threads,
        interOpNumThreads: 1,
        enableMemPattern: false,
        logSeverityLevel: 3,
      }),
    );
    this.sessions.set(key, made);
    return made;
  }
}

const fed = ({ weight, bias }: Affine) => ({
  weight: tensor(weight, weight.length / bias.length, bias.length),
  bias: tensor(bias, bias.length),
});
