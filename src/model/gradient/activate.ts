/** Activations of the feed-forward part, and their slopes. */
import type { Activation } from '../encoder.js';
import type { Emitter } from './emitter.js';

const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

export function activate(emit: Emitter, x: string, activation: Activation): string {
  if (activation === 'relu') return emit.node('Relu', [x]);
  // onnxruntime's Gelu is for float32 only; by erf, so is all that it could be made of.
  if (activation === 'gelu') return emit.node('Gelu', [x]);
  return emit.type === 'float32' ? emit.node('Gelu', [x], { approximate: 'tanh' }) : byTanh(emit, x).value;
}

/** What the activation gives, once more, and its slope there: both are cheaper to work out anew than to keep. */
export function activatedWithSlope(emit: Emitter, x: string, activation: Activation) {
  if (activation === 'relu') {
    const slope = emit.cast(emit.node('Greater', [x, emit.scalar(0)]));
    return { value: emit.multiply(x, slope), slope };
  }
  if (activation === 'gelu_new') return byTanh(emit, x);
  // Φ(x) + x φ(x), with Φ = (1 + erf(x / √2)) / 2 and φ = exp(-x² / 2) / √(2π) (Hendrycks and Gimpel, arXiv 1606.08415).
  const erf = emit.node('Erf', [emit.multiply(x, Math.SQRT1_2)]);
  // Halved and moved up by a half at once; between 0 and 1 a hard sigmoid does nothing else.
  const share = emit.node('HardSigmoid', [erf], { alpha: { f: 0.5 }, beta: { f: 0.5 } });
  const bell = emit.node('Exp', [emit.multiply(emit.multiply(x, -0.5), x)]);
  const slope = emit.add(share, emit.multiply(emit.multiply(x, bell), 1 / Math.sqrt(2 * Math.PI)));
  return { value: emit.multiply(x, share), slope };
}

function byTanh(emit: Emitter, x: string) {
  const square = emit.multiply(x, x);
  const inner = emit.multiply(
    emit.multiply(x, emit.add(emit.multiply(square, TANH_CUBIC), emit.scalar(1))),
    TANH_SCALE,
  );
  const bent = emit.node('Tanh', [inner]);
  const share = emit.add(emit.multiply(bent, 0.5), emit.scalar(0.5));
  const steepness = emit.add(emit.multiply(square, 3 * TANH_CUBIC * TANH_SCALE), emit.scalar(TANH_SCALE));
  const falling = emit.multiply(emit.subtract(emit.scalar(1), emit.multiply(bent, bent)), 0.5);
  const slope = emit.add(share, emit.multiply(emit.multiply(x, falling), steepness));
  return { value: emit.multiply(x, share), slope };
}
