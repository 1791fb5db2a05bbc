/**
 * A profile's weights, cut out of a master while they are read: a tensor source under the checkpoint's names whose matrices are
 * really smaller, corrections worked in. No more than one matrix is in memory.
 */
import type { TensorSource } from '../checkpoint/index.js';
import {
  type CorrectionKeys,
  headTensor,
  normTensor,
  restoringTensors,
  type ShapeCounts,
  standInTensors,
  widthPrototypes,
} from './corrections.js';
import { firstColumns, lowRankAdd, multiplyAdd, timesVector } from './matrices.js';
import { type Place, placeOf } from './places.js';

export interface SliceOptions {
  readonly counts: ShapeCounts;
  readonly headSize: number;
  /** Of the whole network. */
  readonly networkLayers: number;
  readonly keys: CorrectionKeys;
}

/** The slice of a master as a source of its own. The master's tensors are arranged: what is kept comes first. */
export class Slice implements TensorSource {
  /** By weight; a number an output. */
  private readonly shifts = new Map<string, Float32Array>();

  constructor(
    private readonly master: TensorSource,
    private readonly options: SliceOptions,
  ) {}

  get names(): readonly string[] {
    return this.master.names;
  }

  has(name: string): boolean {
    return this.master.has(this.stored(name));
  }

  shape(name: string): readonly number[] {
    const place = this.place(name);
    const [rows, columns] = this.master.shape(this.stored(name));
    const { channels } = this.options.counts;
    if (place.kind === 'norm') return [channels];
    const cut = (axis: Place['rows'], size: number) => (axis === undefined ? size : this.kept(axis, place.layer));
    return columns === undefined ? [cut(place.rows, rows)] : [cut(place.rows, rows), cut(place.columns, columns)];
  }

  async read(name: string): Promise<Float32Array> {
    return this.readRows(name, 0, this.shape(name)[0]);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const place = this.place(name);
    if (place.kind === 'norm') return (await this.norm(name, place)).subarray(from, to);
    const stored = this.stored(name);
    const whole = await this.master.readRows(stored, from, to);
    if (place.kind === 'reading') return this.withRestoredChannels(name, place, whole, from, to);
    if (place.kind === 'writing') return this.withRemovedUnits(name, place, whole, from, to);
    const [, columns] = this.shape(name);
    const cut = columns === undefined ? whole : firstColumns(whole, whole.length / (to - from), columns);
    return place.kind === 'prototypes' ? unitRows(cut, columns) : cut;
  }

  private place(name: string): Place {
    return placeOf(name, this.options.networkLayers);
  }

  /** How many of an axis are kept. */
  private kept(axis: NonNullable<Place['rows']>, layer: number): number {
    const { counts, headSize } = this.options;
    if (axis === 'channels') return counts.channels;
    return axis === 'neurons' ? counts.layers[layer].neurons : counts.layers[layer].heads * headSize;
  }

  /** The name under which the master holds it: a shape's own head stands under the shape's name, prototypes under the width's. */
  private stored(name: string): string {
    const { shape, width } = this.options.keys;
    const own = headTensor(shape, name);
    if (this.master.has(own)) return own;
    if (name !== 'head.prototypes' || width === undefined) return name;
    return this.master.has(widthPrototypes(width)) ? widthPrototypes(width) : name;
  }

  private async norm(name: string, place: Place): Promise<Float32Array> {
    const own = normTensor(this.options.keys.shape, place.site);
    if (!this.master.has(own)) return (await this.master.read(name)).subarray(0, this.options.counts.channels);
    const row = name.endsWith('.bias') ? 1 : 0;
    return this.master.readRows(own, row, row + 1);
  }

  /** Rows of a matrix [units, hidden] or of its bias: what it read of all channels, it reads of the kept ones. */
  private async withRestoredChannels(name: string, place: Place, whole: Float32Array, from: number, to: number) {
    const { keys, counts } = this.options;
    const { channels } = counts;
    const map = keys.width === undefined ? undefined : restoringTensors(keys.width, place.site);
    if (!name.endsWith('.weight')) {
      if (!map || !this.master.has(map.weight)) return whole;
      const shift = await this.shiftOf(name.replace(/bias$/, 'weight'), map.bias, from, to);
      return whole.map((value, i) => value + shift[i]);
    }
    const columns = whole.length / (to - from);
    const cut = firstColumns(whole, columns, channels);
    if (!map || !this.master.has(map.weight)) return cut;
    multiplyAdd(cut, whole, columns, await this.master.read(map.weight), channels);
    if (to - from === this.shape(name)[0]) this.shifts.set(name, timesVector(whole, await this.master.read(map.bias)));
    return cut;
  }

  /** What restoring adds to a bias. A weight is mostly read just before its bias: then it is not read for that again. */
  private async shiftOf(weight: string, mapBias: string, from: number, to: number): Promise<Float32Array> {
    const known = this.shifts.get(weight);
    if (known) return known.subarray(from, to);
    return timesVector(await this.master.readRows(weight, from, to), await this.master.read(mapBias));
  }

  /** Rows of a matrix [hidden, units] or of its bias: kept units do what removed ones did. */
  private async withRemovedUnits(name: string, place: Place, whole: Float32Array, from: number, to: number) {
    const { keys } = this.options;
    const key = typeof keys.prune === 'string' ? keys.prune : keys.prune?.[place.site - 1];
    const standIn = key === undefined ? undefined : standInTensors(key, place.site);
    const isMatrix = name.endsWith('.weight');
    const cut = isMatrix ? firstColumns(whole, whole.length / (to - from), this.shape(name)[1]) : whole.slice();
    if (!standIn || !this.master.has(standIn.left)) return cut;
    if (!isMatrix) {
      const bias = (await this.master.read(standIn.bias)).subarray(from, to);
      for (let i = 0; i < cut.length; i++) cut[i] += bias[i];
      return cut;
    }
    const [left, right] = [await this.master.readRows(standIn.left, from, to), await this.master.read(standIn.right)];
    lowRankAdd(cut, left, right, to - from, this.master.shape(standIn.right)[0]);
    return cut;
  }
}

/** Every row brought to length one. */
function unitRows(matrix: Float32Array, columns: number): Float32Array {
  for (let at = 0; at < matrix.length; at += columns) {
    const row = matrix.subarray(at, at + columns);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let i = 0; i < columns; i++) row[i] /= length;
  }
  return matrix;
}
