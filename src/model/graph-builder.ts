/** Collects the nodes and weights of a graph, and lays the large weights out in one external file. */

import type { TensorSource } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import {
  type Attribute,
  type ElementType,
  elementBytes,
  encodeModel,
  type InitializerSpec,
  type NodeSpec,
  type ValueSpec,
} from './onnx-schema.js';

/**
 * Large weights start at multiples of the largest memory page that boards use (64 KiB on some arm64 kernels), so that
 * onnxruntime can map each of them; smaller ones stand in the graph itself.
 */
export const WEIGHT_ALIGNMENT_BYTES = 65_536;
const INLINE_BYTES = 16_384;

/** A protobuf message ends here; nodes and names take their part of it. */
const MESSAGE_BYTES = 2 ** 31 - 1;
const GRAPH_BYTES = 2 ** 24;

/** Writes a weight's bytes piece by piece, in order, so that a large one is never in memory whole. */
export type FillWeight = (source: TensorSource) => AsyncIterable<Uint8Array>;

/** One weight in the external file. */
export interface ExternalWeight {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly fill: FillWeight;
}

interface PendingWeight {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly fill: FillWeight;
}

const bytesOf = (type: ElementType, dims: readonly number[]) =>
  dims.reduce((product, dim) => product * dim, elementBytes[type]);

/** Makes sure that a weight fills its place: a source may hold another network than the one described. */
function exactly(name: string, bytes: number, fill: FillWeight): FillWeight {
  return async function* (source) {
    let given = 0;
    for await (const piece of fill(source)) {
      given += piece.length;
      yield piece;
    }
    if (given !== bytes) {
      const what = `${name}: the network described needs ${bytes} bytes, the weights give ${given}`;
      throw new SnugError('TENSOR_SHAPE', what);
    }
  };
}

/** A weight that stands in the graph itself. */
async function filled({ name, type, dims, fill }: PendingWeight, source: TensorSource): Promise<InitializerSpec> {
  const pieces: Uint8Array[] = [];
  for await (const piece of fill(source)) pieces.push(piece.slice());
  return { name, type, dims, data: Buffer.concat(pieces) };
}

interface PlacedWeight extends ExternalWeight {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** A weight that stands in the external file. */
function placed(
  { name, type, dims, offset, bytes }: PlacedWeight,
  file: string,
  prepacked?: Readonly<Record<string, string>>,
): InitializerSpec {
  return { name, type, dims, data: { file, offset, bytes, prepacked } };
}

/** A graph ready to be written: the encoding waits until the small weights have been read. */
export interface PlannedGraph {
  /** Weights of the external file, by offset. */
  readonly external: readonly ExternalWeight[];
  /** Length of the external file. */
  readonly externalBytes: number;
  /** Bytes of all weights, inline and external, without padding. */
  readonly weightBytes: number;
  /** The `.onnx` file; reads the small weights from the source. `prepacked` has onnxruntime's entries by weight. */
  encode(
    source: TensorSource,
    externalFile: string,
    prepacked?: ReadonlyMap<string, Readonly<Record<string, string>>>,
  ): Promise<Uint8Array>;
  /** The same with zeros for the small weights: a graph that costs what this one does, and says nothing. */
  encodeHollow(externalFile: string): Uint8Array;
  /** Products whose weights a kernel lays out its own way, each as a graph of its own over the same external file. */
  readonly products: readonly ((source: TensorSource, externalFile: string) => Promise<Uint8Array>)[];
  /**
   * One `.onnx` file with all weights inside, and of the graph only what leads to `outputs`.
   * @throws MODEL_TOO_LARGE
   */
  encodeWhole(source: TensorSource, outputs: readonly string[]): Promise<Uint8Array>;
}

/** Operators whose kernels prepare a constant weight; by position, the inputs that are not float32. */
const PREPARING = new Map<string, Readonly<Record<number, ElementType>>>([
  ['MatMul', {}],
  ['Gemm', {}],
  ['DynamicQuantizeMatMul', {}],
  ['MatMulNBits', {}],
  ['QAttention', { 0: 'uint8', 5: 'int32', 6: 'uint8' }],
]);

export class GraphBuilder {
  private readonly nodes: NodeSpec[] = [];
  private readonly inputs: ValueSpec[] = [];
  private readonly outputs: ValueSpec[] = [];
  private readonly constants: InitializerSpec[] = [];
  private readonly weights: PendingWeight[] = [];
  private readonly names = new Map<string, number>();
  private readonly renamed = new Map<string, string>();

  constructor(private readonly name: string) {}

  input(name: string, type: ElementType, dims: readonly (number | string)[]): string {
    this.inputs.push({ name, type, dims });
    return name;
  }

  /** Makes a value an output under its own name. */
  output(name: string, type: ElementType, dims: readonly (number | string)[]): void {
    this.outputs.push({ name, type, dims });
  }

  /** Gives a node's result another name; `false` where there is no such node, or its result is an output already. */
  rename(value: string, name: string): boolean {
    const old = this.renamed.get(value) ?? value;
    if (this.outputs.some((output) => output.name === old)) return false;
    const giving = this.nodes.findIndex(({ outputs }) => outputs.includes(old));
    if (giving === -1) return false;
    const now = (known: string) => (known === old ? name : known);
    for (const [at, node] of this.nodes.entries())
      if (at >= giving) this.nodes[at] = { ...node, inputs: node.inputs.map(now), outputs: node.outputs.map(now) };
    this.renamed.set(value, name);
    return true;
  }

  /** Adds an operator with one output and returns the output's name. Names are made unique. */
  node(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, name = op): string {
    return this.many(op, inputs, attributes, [this.unique(name)])[0];
  }

  /** The same for an operator of onnxruntime's own domain. */
  fused(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, name = op): string {
    return this.many(op, inputs, attributes, [this.unique(name)], 'com.microsoft')[0];
  }

  /** An operator with several outputs; `outputs` are their names. */
  many(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute>,
    outputs: readonly string[],
    domain: '' | 'com.microsoft' = '',
  ): readonly string[] {
    const known = inputs.map((name) => this.renamed.get(name) ?? name);
    this.nodes.push({ op, domain, inputs: known, outputs, attributes });
    return outputs;
  }

  /** A small constant of whole numbers. */
  ints(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.constants.push({ name, type: 'int64', dims, data });
    return name;
  }

  /** A small constant of real numbers. */
  floats(
    name: string,
    values: readonly number[],
    dims: readonly number[] = [values.length],
    type: 'float32' | 'float64' = 'float32',
  ): string {
    const numbers = type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
    this.constants.push({ name, type, dims, data: new Uint8Array(numbers.buffer) });
    return name;
  }

  /** A weight whose bytes are produced when the model is written. */
  weight(name: string, type: ElementType, dims: readonly number[], fill: FillWeight): string {
    this.weights.push({ name, type, dims, fill: exactly(name, bytesOf(type, dims), fill) });
    return name;
  }

  plan(): PlannedGraph {
    const external: PlacedWeight[] = [];
    const inline: PendingWeight[] = [];
    let offset = 0;
    let weightBytes = 0;
    for (const weight of this.weights) {
      const bytes = bytesOf(weight.type, weight.dims);
      weightBytes += bytes;
      if (bytes <= INLINE_BYTES) {
        inline.push(weight);
        continue;
      }
      offset = Math.ceil(offset / WEIGHT_ALIGNMENT_BYTES) * WEIGHT_ALIGNMENT_BYTES;
      external.push({ ...weight, offset, bytes });
      offset += bytes;
    }
    // No kernel prepares weights of 64 bits.
    const prepared = external.filter(({ type }) => type !== 'float64');
    return {
      external,
      externalBytes: offset,
      weightBytes,
      encode: async (source, externalFile, prepacked) => {
        const initializers: InitializerSpec[] = [...this.constants];
        for (const weight of inline) initializers.push(await filled(weight, source));
        for (const weight of external) initializers.push(placed(weight, externalFile, prepacked?.get(weight.name)));
        const { name, nodes, inputs, outputs } = this;
        return encodeModel({ name, nodes, inputs, outputs, initializers });
      },
      encodeHollow: (externalFile) => {
        const initializers: InitializerSpec[] = [...this.constants];
        for (const { name, type, dims } of inline)
          initializers.push({ name, type, dims, data: new Uint8Array(bytesOf(type, dims)) });
        for (const weight of external) initializers.push(placed(weight, externalFile));
        const { name, nodes, inputs, outputs } = this;
        return encodeModel({ name, nodes, inputs, outputs, initializers });
      },
      products: this.nodes
        .filter(({ op, inputs }) => PREPARING.has(op) && prepared.some(({ name }) => inputs.includes(name)))
        .map((node) => (source, externalFile) => this.encodeProduct(node, external, inline, source, externalFile)),
      encodeWhole: (source, outputs) => this.encodeWhole(source, outputs),
    };
  }

  private async encodeProduct(
    node: NodeSpec,
    external: readonly PlacedWeight[],
    inline: readonly PendingWeight[],
    source: TensorSource,
    externalFile: string,
  ): Promise<Uint8Array> {
    const reads = ({ name }: { readonly name: string }) => node.inputs.includes(name);
    const initializers = this.constants.filter(reads);
    for (const weight of inline.filter(reads)) initializers.push(await filled(weight, source));
    for (const weight of external.filter(reads)) initializers.push(placed(weight, externalFile));
    const known = new Set(initializers.map(({ name }) => name));
    const types = PREPARING.get(node.op);
    const inputs = node.inputs
      .map((name, at): ValueSpec => ({ name, type: types?.[at] ?? 'float32' }))
      .filter(({ name }) => name !== '' && !known.has(name));
    const outputs = node.outputs.map((name): ValueSpec => ({ name, type: 'float32' }));
    return encodeModel({ name: this.name, nodes: [node], inputs, outputs, initializers });
  }

  private async encodeWhole(source: TensorSource, wanted: readonly string[]): Promise<Uint8Array> {
    const { nodes, needed } = this.leadingTo(wanted);
    const weights = this.weights.filter(({ name }) => needed.has(name));
    const bytes = weights.reduce((sum, { type, dims }) => sum + bytesOf(type, dims), 0);
    if (bytes > MESSAGE_BYTES - GRAPH_BYTES)
      throw new SnugError('MODEL_TOO_LARGE', `${this.name}: ${(bytes / 1e9).toFixed(1)} GB of weights`);
    const initializers = this.constants.filter(({ name }) => needed.has(name));
    for (const weight of weights) initializers.push(await filled(weight, source));
    const outputs = this.outputs.filter(({ name }) => wanted.includes(name));
    return encodeModel({ name: this.name, nodes, inputs: this.inputs, outputs, initializers });
  }

  /** The nodes that some outputs need, in order, and the names of all values that these read. */
  private leadingTo(outputs: readonly string[]): { nodes: NodeSpec[]; needed: ReadonlySet<string> } {
    const needed = new Set(outputs);
    const nodes: NodeSpec[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      nodes.push(node);
      for (const name of node.inputs) needed.add(name);
    }
    return { nodes: nodes.reverse(), needed };
  }

  private unique(name: string): string {
    const count = this.names.get(name) ?? 0;
    this.names.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}
