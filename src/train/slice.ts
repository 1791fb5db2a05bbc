/**
 * Nested slices: the first channels of the whole network, the first heads and neurons of every layer. A slice's weights are
 * the leading blocks of the master's, and its gradients are added there.
 */
import { type EncoderShape, headTensors, type LayerShape } from '../model/index.js';
import { EMBEDDING_NORM, layerName, type Parameter, type Parameters } from './parameters.js';

export interface Slice {
  readonly channels: number;
  readonly layers: readonly LayerShape[];
  /** Before the names of parameters that the slice has for itself where they exist, its normalisations' for one. */
  readonly own?: string;
}

export const wholeSlice = ({ hiddenSize, layers }: EncoderShape): Slice => ({ channels: hiddenSize, layers });

/** How large each parameter is in a slice; the embedding's tables are not in it, for graphs read those whole. */
export function sliceShapes(slice: Slice, headSize: number, labels: number): Map<string, readonly number[]> {
  const { channels } = slice;
  const shapes = new Map<string, readonly number[]>();
  const dense = (name: string, outputs: number, inputs: number) =>
    shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  const norm = (name: string) => shapes.set(`${name}.weight`, [channels]).set(`${name}.bias`, [channels]);
  norm(EMBEDDING_NORM);
  for (const [index, { heads, neurons }] of slice.layers.entries()) {
    const at = (part: string) => layerName(index, part);
    const width = heads * headSize;
    for (const part of ['query', 'key', 'value']) dense(at(`attention.self.${part}`), width, channels);
    dense(at('attention.output.dense'), channels, width);
    norm(at('attention.output.LayerNorm'));
    dense(at('intermediate.dense'), neurons, channels);
    dense(at('output.dense'), channels, neurons);
    norm(at('output.LayerNorm'));
  }
  return shapes.set(headTensors.weight, [labels, channels]).set(headTensors.bias, [labels]);
}

function roomFor(room: SliceRoom, name: string, count: number): Float32Array {
  let array = room.get(name);
  if (!array || array.length < count) {
    array = new Float32Array(count);
    room.set(name, array);
  }
  return array.subarray(0, count);
}

const isWhole = (shape: readonly number[], own: readonly number[]) => own.every((size, axis) => size === shape[axis]);

/** Arrays that copies of slices lie in, by the parameter's name: the memory is that of the largest slice. */
export type SliceRoom = Map<string, Float32Array>;

/** A slice's weights, copied out of the master when `refresh` is called; those that are whole are the master's own. */
export class SliceWeights {
  private readonly copies = new Map<string, Float32Array>();
  readonly shapes: ReadonlyMap<string, readonly number[]>;

  constructor(
    private readonly master: Parameters,
    private readonly slice: Slice,
    headSize: number,
    room: SliceRoom = new Map(),
  ) {
    this.shapes = sliceShapes(slice, headSize, master.of(headTensors.bias).shape[0]);
    for (const [name, shape] of this.shapes)
      if (!isWhole(shape, this.parameter(name).shape)) this.copies.set(name, roomFor(room, name, count(shape)));
    this.refresh();
  }

  /** Takes over what the master holds now. */
  refresh(): void {
    for (const [name, copy] of this.copies) {
      const { values, shape } = this.parameter(name);
      forEachRow(this.shape(name), shape, (to, from, length) => copy.set(values.subarray(from, from + length), to));
    }
  }

  shape(name: string): readonly number[] {
    const shape = this.shapes.get(name);
    if (!shape) throw new RangeError(`no parameter ${name} in a slice`);
    return shape;
  }

  values(name: string): Float32Array {
    return this.copies.get(name) ?? this.parameter(name).values;
  }

  /** The master's own array where a gradient of the slice may be written straight into it. */
  gradientTarget(name: string): Float32Array | undefined {
    const parameter = this.parameter(name);
    return parameter.filled || this.copies.has(name) ? undefined : parameter.gradient;
  }

  /** Brings a gradient into the master's, wherever it was written. */
  add(name: string, gradient: Float32Array): void {
    const parameter = this.parameter(name);
    if (gradient === parameter.gradient) parameter.filled = true;
    else addLeading(parameter, this.shape(name), this.master.gradientOf(parameter.name), gradient);
  }

  private parameter(name: string): Parameter {
    const own = `${this.slice.own ?? ''}${name}`;
    return this.master.of(this.master.has(own) ? own : name);
  }
}

/** Adds a block of the given shape to the first rows and columns of a gradient. */
export function addLeading(
  { shape }: Parameter,
  block: readonly number[],
  into: Float32Array,
  values: Float32Array,
): void {
  forEachRow(block, shape, (from, to, length) => {
    for (let i = 0; i < length; i++) into[to + i] += values[from + i];
  });
}

/** A copy of the first rows and columns of a parameter's values or gradient. */
export function leadingOf({ shape }: Parameter, block: readonly number[], of: Float32Array): Float32Array {
  const copy = new Float32Array(count(block));
  forEachRow(block, shape, (to, from, length) => copy.set(of.subarray(from, from + length), to));
  return copy;
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Runs over the rows of a leading block: where each begins in the block, where in the whole, and its length. */
function forEachRow(
  block: readonly number[],
  whole: readonly number[],
  visit: (inBlock: number, inWhole: number, length: number) => void,
): void {
  const length = block[block.length - 1];
  const stride = whole[whole.length - 1];
  const rows = block.length === 1 ? 1 : block[0];
  for (let row = 0; row < rows; row++) visit(row * length, row * stride, length);
}
