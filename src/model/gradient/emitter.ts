/** Arithmetic of gradient graphs over one element type: training runs in float32, and a derivative is held against differences in float64. */
import { GraphBuilder } from '../graph-builder.js';
import { noWeights } from '../no-weights.js';
import { type Attribute, elementTypes } from '../onnx-schema.js';

export type Real = 'float32' | 'float64';

type Dims = readonly (number | string)[];

/** Values are named by strings, as in the graph. A matrix of activations is [rows, channels], rows = batch × tokens. */
export class Emitter {
  private readonly graph: GraphBuilder;
  private readonly known = new Map<string, string>();

  constructor(
    name: string,
    readonly type: Real = 'float32',
  ) {
    this.graph = new GraphBuilder(name);
  }

  input(name: string, dims: Dims): string {
    return this.graph.input(name, this.type, dims);
  }

  /** Inputs that are not numbers of the graph's own type. */
  whole(name: string, type: 'int64' | 'uint8', dims: Dims): string {
    return this.graph.input(name, type, dims);
  }

  /** Makes a value an output with a name of its own. */
  output(name: string, value: string, dims: Dims): void {
    // A copy only where there is no way around it.
    if (value !== name && !this.graph.rename(value, name)) this.graph.many('Identity', [value], {}, [name]);
    this.graph.output(name, this.type, dims);
  }

  node(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    return this.graph.node(op, inputs, attributes);
  }

  /** An operator of onnxruntime's own. */
  fused(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    return this.graph.fused(op, inputs, attributes);
  }

  /** An operator whose result has a name of its own. */
  named(name: string, op: string, inputs: readonly string[]): string {
    return this.many(op, inputs, {}, [name])[0];
  }

  many(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute>,
    outputs: readonly string[],
  ): readonly string[] {
    return this.graph.many(op, inputs, attributes, outputs);
  }

  /** A constant that is given once, however often it is asked for. */
  scalar(value: number): string {
    return this.once(`real_${value}`, (name) => this.graph.floats(name, [value], [], this.type));
  }

  ints(...values: number[]): string {
    return this.once(`ints_${values.join('_')}`, (name) => this.graph.ints(name, values));
  }

  add(a: string, b: string): string {
    return this.node('Add', [a, b]);
  }

  subtract(a: string, b: string): string {
    return this.node('Sub', [a, b]);
  }

  multiply(a: string, b: string | number): string {
    return this.node('Mul', [a, typeof b === 'number' ? this.scalar(b) : b]);
  }

  /** a [n, k] × b [k, m] + c, either transposed first. */
  product(a: string, b: string, options: { transA?: boolean; transB?: boolean; plus?: string } = {}): string {
    const { transA, transB, plus } = options;
    const inputs = plus === undefined ? [a, b] : [a, b, plus];
    return this.node('Gemm', inputs, { ...(transA && { transA: 1 }), ...(transB && { transB: 1 }) });
  }

  sum(value: string, axis: number, keep = false): string {
    return this.node('ReduceSum', [value, this.ints(axis)], { keepdims: keep ? 1 : 0 });
  }

  mean(value: string, axis: number): string {
    return this.node('ReduceMean', [value, this.ints(axis)], { keepdims: 1 });
  }

  cast(value: string): string {
    return this.node('Cast', [value], { to: elementTypes[this.type] });
  }

  shape(value: string, start?: number, end?: number): string {
    return this.node('Shape', [value], { ...(start !== undefined && { start }), ...(end !== undefined && { end }) });
  }

  reshape(value: string, shape: string): string {
    return this.node('Reshape', [value, shape]);
  }

  encode(): Promise<Uint8Array> {
    return this.graph.plan().encode(noWeights, '');
  }

  private once(name: string, make: (name: string) => string): string {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    this.known.set(name, name);
    return make(name);
  }
}
