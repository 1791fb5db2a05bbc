/**
 * Nested slices: the first channels of the whole network, the first heads and neurons of every layer. A slice's weights are
 * the leading blocks of the master's, corrected where the slice says how, and its gradients are added there.
 */
import { roundToNibbles } from '../compress/quantise.js';
import { type EncoderShape, headTensors, type LayerShape, NIBBLE_BLOCK } from '../model/index.js';
import type { MatrixProducts } from './matrix-products.js';
import { EMBEDDING_NORM, layerName, type Parameter, type Parameters } from './parameters.js';
import { denseOf, type Restoration, type SliceCorrections, type StandIn } from './slice-corrections.js';

export interface Slice {
  readonly channels: number;
  readonly layers: readonly LayerShape[];
  /** Before the names of parameters that the slice has for itself where they exist, its normalisations' for one. */
  readonly own?: string;
  readonly corrections?: SliceCorrections;
  /**
   * The layers' matrices are rounded to so many bits each time they are taken from the master, which learns as if they were not
   * (the straight-through estimator, arXiv 1308.3432).
   */
  readonly bits?: 4;
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

const isWhole = (shape: readonly number[], own: readonly number[]) => own.every((size, axis) => size === shape[axis]);

/** Arrays that copies of slices lie in, by the parameter's name: the memory is that of the largest slice. */
export type SliceRoom = Map<string, Float32Array>;

/** A slice's weights, worked out of the master's when `refresh` is called; those that are whole are the master's own. */
export class SliceWeights {
  private readonly copies = new Map<string, Float32Array>();
  readonly shapes: ReadonlyMap<string, readonly number[]>;

  constructor(
    private readonly master: Parameters,
    private readonly slice: Slice,
    headSize: number,
    private readonly products: MatrixProducts,
    private readonly room: SliceRoom = new Map(),
  ) {
    this.shapes = sliceShapes(slice, headSize, master.of(headTensors.bias).shape[0]);
    for (const [name, shape] of this.shapes)
      if (
        !isWhole(shape, this.parameter(name).shape) ||
        this.restoration(name) ||
        this.standIn(name) ||
        this.isRounded(name)
      )
        // Room for the whole tensor at once: growing would leave every slice so far with an array of its own.
        this.copies.set(name, roomFor(room, name, count(master.of(name).shape)).subarray(0, count(shape)));
    for (const name of this.copies.keys()) this.cut(name);
  }

  /** Takes over what the master holds now. */
  async refresh(): Promise<void> {
    for (const name of this.copies.keys()) {
      this.cut(name);
      const restoration = this.restoration(name);
      const standIn = this.standIn(name);
      if (restoration) await this.restore(name, restoration);
      if (standIn) this.addStandIn(name, standIn);
      if (this.isRounded(name)) roundToNibbles(this.values(name), this.shape(name)[1], NIBBLE_BLOCK);
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
  async add(name: string, gradient: Float32Array): Promise<void> {
    const parameter = this.parameter(name);
    const restoration = this.restoration(name);
    if (gradient === parameter.gradient) parameter.filled = true;
    else if (restoration && name.endsWith('.weight')) await this.addThrough(parameter, gradient, restoration);
    else {
      addLeading(parameter, this.shape(name), this.master.gradientOf(parameter.name), gradient);
      if (restoration) this.addOuter(denseOf(name), gradient, restoration);
    }
  }

  private parameter(name: string): Parameter {
    const own = `${this.slice.own ?? ''}${name}`;
    return this.master.of(this.master.has(own) ? own : name);
  }

  private isRounded(name: string): boolean {
    return this.slice.bits !== undefined && name.startsWith('encoder.') && this.shape(name).length === 2;
  }

  private restoration(name: string): Restoration | undefined {
    return this.slice.corrections?.restoration(denseOf(name));
  }

  private standIn(name: string): StandIn | undefined {
    return this.slice.corrections?.standIn(denseOf(name));
  }

  /** The leading block. */
  private cut(name: string): void {
    const { values, shape } = this.parameter(name);
    const copy = this.values(name);
    forEachRow(this.shape(name), shape, (to, from, length) => copy.set(values.subarray(from, from + length), to));
  }

  /** weight [units, hidden] × map, and bias + weight × the map's bias; rows of the master are one piece. */
  private async restore(name: string, { map, bias }: Restoration): Promise<void> {
    const hidden = bias.length;
    const [units] = this.shape(name);
    const weight = this.parameter(`${denseOf(name)}.weight`).values.subarray(0, units * hidden);
    if (name.endsWith('.weight')) return this.products.multiply(weight, map, hidden, this.values(name));
    const moved = roomFor(this.room, 'moved bias', units);
    await this.products.multiply(weight, bias, hidden, moved);
    const copy = this.values(name);
    for (let i = 0; i < units; i++) copy[i] += moved[i];
  }

  private addStandIn(name: string, standIn: StandIn): void {
    const copy = this.values(name);
    const [rows, columns = 1] = this.shape(name);
    const added = name.endsWith('.weight') ? standIn.weight : standIn.bias;
    // Rows are channels, the first of them; columns are all of the kept units.
    for (let i = 0; i < rows * columns; i++) copy[i] += added[i];
  }

  /** The gradient of a restored weight, through its map. */
  private async addThrough({ name, shape }: Parameter, gradient: Float32Array, { map }: Restoration): Promise<void> {
    const hidden = shape[1];
    const kept = map.length / hidden;
    const through = roomFor(this.room, 'gradient through a map', (gradient.length / kept) * hidden);
    await this.products.multiplyTransposed(gradient, map, kept, through);
    const into = this.master.gradientOf(name);
    for (let i = 0; i < through.length; i++) into[i] += through[i];
  }

  /** The weight's gradient by way of the restored bias. */
  private addOuter(dense: string, gradient: Float32Array, { bias }: Restoration): void {
    const into = this.master.gradientOf(this.parameter(`${dense}.weight`).name);
    for (const [unit, slope] of gradient.entries()) {
      const at = unit * bias.length;
      for (let i = 0; i < bias.length; i++) into[at + i] += slope * bias[i];
    }
  }
}

function roomFor(room: SliceRoom, name: string, count: number): Float32Array {
  let array = room.get(name);
  if (!array || array.length < count) {
    array = new Float32Array(count);
    room.set(name, array);
  }
  return array.subarray(0, count);
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
