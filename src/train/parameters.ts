/** The numbers that training changes, each tensor with its gradient, under the checkpoint's names and in its layout. */
import type { TensorSource } from '../checkpoint/index.js';
import { LAYER_PARTS } from '../model/gradient/index.js';
import { type EncoderShape, headTensors } from '../model/index.js';

export const WORDS = 'embeddings.word_embeddings.weight';
export const POSITIONS = 'embeddings.position_embeddings.weight';
export const TYPES = 'embeddings.token_type_embeddings.weight';
export const EMBEDDING_NORM = 'embeddings.LayerNorm';
export const layerName = (index: number, part: string) => `encoder.layer.${index}.${part}`;

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Of the same length; what it holds counts only where `filled`. */
  readonly gradient: Float32Array;
  /** Whether a gradient has come since the last step; until then it is zero, whatever the array holds. */
  filled: boolean;
}

/** The words whose vectors got a gradient: the others' is zero. */
export type TouchedRows = Set<number>;

export class Parameters implements Iterable<Parameter> {
  private readonly held = new Map<string, Parameter>();
  readonly touchedWords: TouchedRows = new Set();

  /** Tensors of an encoder, and a head: the one that the source holds, else one of zeros. */
  static async read(source: TensorSource, shape: EncoderShape, labels: number): Promise<Parameters> {
    const parameters = await Parameters.withNewHead(source, shape, labels);
    for (const name of Object.values(headTensors))
      if (source.has(name)) parameters.add(name, parameters.of(name).shape, await source.read(name));
    return parameters;
  }

  /** Tensors of an encoder, and a head of zeros: whatever head the source holds is one for other labels. */
  static async withNewHead(source: TensorSource, shape: EncoderShape, labels: number): Promise<Parameters> {
    const parameters = new Parameters();
    for (const name of encoderNames(shape)) parameters.add(name, source.shape(name), await source.read(name));
    parameters.add(headTensors.weight, [labels, shape.hiddenSize]);
    parameters.add(headTensors.bias, [labels]);
    return parameters;
  }

  /** With what slices have of their own, under names that begin with `SHAPE/`. */
  static async readWithOwn(source: TensorSource, shape: EncoderShape, labels: number): Promise<Parameters> {
    const parameters = await Parameters.read(source, shape, labels);
    for (const name of source.names.filter((one) => one.includes('/')))
      parameters.add(name, source.shape(name), await source.read(name));
    return parameters;
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.held.values();
  }

  /** @param values become the parameter's own: whoever keeps them elsewhere gives a copy */
  add(name: string, shape: readonly number[], values?: Float32Array): Parameter {
    const count = shape.reduce((product, size) => product * size, 1);
    if (values && values.length !== count)
      throw new RangeError(`${name}: ${values.length} numbers, not ${shape.join(' × ')}`);
    const parameter: Parameter = {
      name,
      shape: [...shape],
      values: values ?? new Float32Array(count),
      gradient: new Float32Array(count),
      filled: name === WORDS,
    };
    this.held.set(name, parameter);
    return parameter;
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  of(name: string): Parameter {
    const parameter = this.held.get(name);
    if (!parameter) throw new RangeError(`no parameter ${name}`);
    return parameter;
  }

  /** Makes every gradient zero. */
  clearGradients(): void {
    for (const parameter of this) parameter.filled = parameter.name === WORDS;
    if (!this.held.has(WORDS)) return;
    const { gradient, shape } = this.of(WORDS);
    for (const row of this.touchedWords) gradient.fill(0, row * shape[1], (row + 1) * shape[1]);
    this.touchedWords.clear();
  }

  /** A parameter's gradient; zeros where none has come. */
  gradientOf(name: string): Float32Array {
    const parameter = this.of(name);
    if (!parameter.filled) parameter.gradient.fill(0);
    parameter.filled = true;
    return parameter.gradient;
  }
}

/** Every tensor of an encoder, embeddings first. */
export function encoderNames({ layers, tokenTypes }: EncoderShape): string[] {
  const both = (name: string) => [`${name}.weight`, `${name}.bias`];
  return [
    WORDS,
    POSITIONS,
    ...(tokenTypes ? [TYPES] : []),
    ...both(EMBEDDING_NORM),
    ...layers.flatMap((_, index) => LAYER_PARTS.flatMap((part) => both(layerName(index, part)))),
  ];
}
