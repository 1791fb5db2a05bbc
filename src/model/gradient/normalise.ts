/** Layer normalisation (Ba et al., arXiv 1607.06450) and its gradients. */
import type { ParameterGradients } from './affine.js';
import type { Emitter } from './emitter.js';

/** A row's mean and inverse deviation, [rows, 1] each. */
export interface Moments {
  readonly mean: string;
  readonly inverse: string;
}

/** x [rows, k], weight and bias [k] → the normalised rows, and what their gradient needs; `name` makes values unique. */
export function normalise(
  emit: Emitter,
  name: string,
  x: string,
  weight: string,
  bias: string,
  epsilon: number,
): Moments & { readonly y: string } {
  if (emit.type === 'float32') {
    const outputs = [`${name}_y`, `${name}_mean`, `${name}_inverse`];
    const attributes = { axis: -1, epsilon: { f: epsilon } };
    const [y, mean, inverse] = emit.many('LayerNormalization', [x, weight, bias], attributes, outputs);
    return { y, mean, inverse };
  }
  // onnxruntime's operator gives its moments in float32 only.
  const mean = emit.mean(x, -1);
  const centred = emit.subtract(x, mean);
  const variance = emit.mean(emit.multiply(centred, centred), -1);
  const inverse = emit.node('Reciprocal', [emit.node('Sqrt', [emit.add(variance, emit.scalar(epsilon))])]);
  const y = emit.add(emit.multiply(emit.multiply(centred, inverse), weight), bias);
  return { y, mean, inverse };
}

/** x with mean 0 and variance 1 a row, from the moments of the forward pass. */
export function standardised(emit: Emitter, x: string, { mean, inverse }: Moments): string {
  return emit.multiply(emit.subtract(x, mean), inverse);
}

/** Gradients of x [rows, k], weight and bias from dy [rows, k]; `standard` is what `standardised` gave. */
export function normaliseGradient(
  emit: Emitter,
  standard: string,
  inverse: string,
  weight: string,
  dy: string,
): ParameterGradients & { readonly x: string } {
  const scaled = emit.multiply(dy, weight);
  const along = emit.mean(emit.multiply(scaled, standard), -1);
  const moved = emit.add(emit.multiply(standard, along), emit.mean(scaled, -1));
  return {
    x: emit.multiply(emit.subtract(scaled, moved), inverse),
    weight: emit.sum(emit.multiply(dy, standard), 0),
    bias: emit.sum(dy, 0),
  };
}
