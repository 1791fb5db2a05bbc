/** A dense layer in the checkpoint's layout, and its gradients. */
import type { Emitter } from './emitter.js';

/** x [rows, in], weight [out, in], bias [out] → [rows, out]. */
export function affine(emit: Emitter, x: string, weight: string, bias: string): string {
  return emit.product(x, weight, { transB: true, plus: bias });
}

export interface ParameterGradients {
  readonly weight: string;
  readonly bias: string;
}

/** Gradients of the weight [out, in] and the bias [out] from that of the result, dy [rows, out]. */
export function affineParameters(emit: Emitter, x: string, dy: string): ParameterGradients {
  return { weight: emit.product(dy, x, { transA: true }), bias: emit.sum(dy, 0) };
}

/** Gradient of the input [rows, in], with `plus` [rows, in] added to it. */
export function affineInput(emit: Emitter, weight: string, dy: string, plus?: string): string {
  return emit.product(dy, weight, { plus });
}
