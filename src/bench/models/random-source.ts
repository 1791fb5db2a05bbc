/** Weights out of a seed: for what a network costs, which does not depend on what its numbers say. */
import type { TensorSource } from '../../checkpoint/index.js';
import { SnugError } from '../../errors/index.js';
import { type EncoderOptions, type EncoderShape, headTensors } from '../../model/index.js';
import { seededRandom } from '../../train/index.js';

export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/**
 * Tensors of the shapes given. Biases are zero, normalisations and matrices keep the size of what they
 * multiply, so that no number in a run becomes huge, tiny or none. `real` has the tensors that are not made up.
 */
export class RandomSource implements TensorSource {
  constructor(
    private readonly shapes: TensorShapes,
    private readonly real?: TensorSource,
  ) {}

  get names(): readonly string[] {
    return [...this.shapes.keys()];
  }

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  shape(name: string): readonly number[] {
    const shape = this.shapes.get(name);
    if (shape) return shape;
    throw new SnugError('TENSOR_MISSING', `${name}: the network described has no such tensor`);
  }

  async read(name: string): Promise<Float32Array> {
    return await this.readRows(name, 0, this.shape(name)[0]);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    if (this.real?.has(name)) return await this.real.readRows(name, from, to);
    const [, columns = 1] = this.shape(name);
    const values = new Float32Array((to - from) * columns);
    if (/LayerNorm\.weight$/.test(name)) return values.fill(1);
    // Half of the variance of a sum of two.
    if (/NoNorm\.weight$/.test(name)) return values.fill(Math.SQRT1_2);
    if (/bias$/.test(name)) return values;
    const scale = Math.sqrt(3 / columns);
    for (let row = from; row < to; row++) {
      const random = seededRandom(seedOf(name) + row);
      for (let at = (row - from) * columns; at < (row + 1 - from) * columns; at++)
        values[at] = (2 * random() - 1) * scale;
    }
    return values;
  }
}

function seedOf(name: string): number {
  let seed = 0;
  for (const character of name) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return seed;
}

/** The tensors that `planEncoder` asks for, under a BERT checkpoint's names. */
export function encoderTensorShapes(shape: EncoderShape, { head }: EncoderOptions): TensorShapes {
  const { hiddenSize: hidden, vocabSize, maxTokens, headSize } = shape;
  const shapes = new Map<string, readonly number[]>();
  const norm = (name: string) => shapes.set(`${name}.weight`, [hidden]).set(`${name}.bias`, [hidden]);
  const dense = (name: string, inputs: number, outputs: number) =>
    shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  shapes.set('embeddings.word_embeddings.weight', [vocabSize, hidden]);
  shapes.set('embeddings.position_embeddings.weight', [maxTokens, hidden]);
  if (shape.tokenTypes) shapes.set('embeddings.token_type_embeddings.weight', [2, hidden]);
  norm('embeddings.LayerNorm');
  for (const [index, { heads, neurons }] of shape.layers.entries()) {
    const at = `encoder.layer.${index}`;
    for (const part of ['query', 'key', 'value']) dense(`${at}.attention.self.${part}`, hidden, heads * headSize);
    dense(`${at}.attention.output.dense`, heads * headSize, hidden);
    norm(`${at}.attention.output.LayerNorm`);
    dense(`${at}.intermediate.dense`, hidden, neurons);
    dense(`${at}.output.dense`, neurons, hidden);
    norm(`${at}.output.LayerNorm`);
  }
  if (head?.kind !== 'fitted') return shapes;
  shapes.set(headTensors.weight, [head.labels, hidden]).set(headTensors.bias, [head.labels]);
  if (head.prototypes > 0) shapes.set(headTensors.prototypes, [head.prototypes, hidden]);
  return shapes;
}
