/** The tensors of a checkpoint under canonical names, present and of the right shape before one is read. */
import { SnugError } from '../errors/index.js';
import { type ModelConfig, requireEvenHeads } from './config.js';
import { encoderTensors, prefixes, type WantedTensor } from './naming.js';
import type { SafetensorsFile } from './safetensors.js';
import type { TensorSource } from './tensor-source.js';
import type { Weights } from './weights.js';

interface Place {
  readonly file: SafetensorsFile;
  readonly stored: string;
}

/** A source that reads canonical names from where they are stored; values that are no finite numbers are refused. */
class CheckedTensors implements TensorSource {
  readonly names: readonly string[];

  constructor(private readonly places: ReadonlyMap<string, Place>) {
    this.names = [...places.keys()];
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  shape(name: string): readonly number[] {
    const { file, stored } = this.place(name);
    return file.shape(stored);
  }

  async read(name: string): Promise<Float32Array> {
    const place = this.place(name);
    return finite(await place.file.read(place.stored), place);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const place = this.place(name);
    return finite(await place.file.readRows(place.stored, from, to), place);
  }

  private place(name: string): Place {
    const place = this.places.get(name);
    if (place === undefined) throw new SnugError('TENSOR_MISSING', `the checkpoint has no tensor ${name}`);
    return place;
  }
}

function finite(values: Float32Array, { file, stored }: Place): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new SnugError('TENSOR_VALUE', `${file.path}: tensor ${stored} holds ${values[i]}`);
  }
  return values;
}

/** Finds and checks tensors by their stored names; `prefix` is what the file puts before the encoder's. */
export class TensorFinder {
  readonly prefix: string;

  constructor(
    private readonly weights: Weights,
    private readonly config: ModelConfig,
    private readonly configPath: string,
  ) {
    const names = weights.names;
    this.prefix =
      prefixes[config.family].find((prefix) => names.some((name) => name.startsWith(`${prefix}embeddings.`))) ?? '';
  }

  /** The shape of a tensor by its name in the file; undefined where it is absent. */
  shapeOf(stored: string): readonly number[] | undefined {
    return this.weights.holding(stored)?.shape(stored);
  }

  /**
   * Where the encoder's and `more` tensors lie.
   * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_VALUE, SAFETENSORS_HEADER, CHECKPOINT_CONFIG
   */
  find(more: Iterable<WantedTensor>): TensorSource {
    const places = new Map<string, Place>();
    for (const wanted of encoderTensors(this.config)) places.set(wanted.name, this.checked(wanted));
    for (const wanted of more) places.set(wanted.name, this.checked(wanted));
    for (const file of this.weights.files) file.refuseGaps();
    requireEvenHeads(this.config, this.configPath);
    return new CheckedTensors(places);
  }

  private checked(wanted: WantedTensor): Place {
    const names = wanted.stored.map((name) => (wanted.prefixed ? this.prefix + name : name));
    const place = this.placeOf(names);
    const paths = this.weights.files.map((file) => file.path).join(', ');
    if (place === undefined) {
      throw new SnugError('TENSOR_MISSING', `${paths}: no tensor ${names[0]}`);
    }
    const { shape, dtype } = place.file.entry(place.stored);
    if (shape.length !== wanted.shape.length || shape.some((size, i) => size !== wanted.shape[i])) {
      const asked = `${this.configPath} asks for [${wanted.shape.join(', ')}] (${wanted.sizes})`;
      const what = `tensor ${place.stored} has the shape [${shape.join(', ')}], but ${asked}`;
      throw new SnugError('TENSOR_SHAPE', `${place.file.path}: ${what}`);
    }
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
      const what = `tensor ${place.stored} is stored as ${dtype}, not as F32, F16 or BF16`;
      throw new SnugError('TENSOR_VALUE', `${place.file.path}: ${what}`);
    }
    return place;
  }

  private placeOf(names: readonly string[]): Place | undefined {
    for (const stored of names) {
      const file = this.weights.holding(stored);
      if (file !== undefined) return { file, stored };
    }
    return undefined;
  }
}
