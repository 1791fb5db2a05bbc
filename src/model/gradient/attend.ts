/** Attention among the tokens of a text (Vaswani et al., arXiv 1706.03762, equation 1), and its gradients. */
import type { Emitter } from './emitter.js';

/** Far below every score, as a masked token's must be. */
const FAR_BELOW = 1e9;

/** How rows fall into texts and channels into heads. */
export interface Layout {
  /** 1 for a token, 0 for padding: [batch, tokens]. */
  readonly mask: string;
  /** Channels of a head; how many heads there are, the matrices say. */
  readonly headSize: number;
}

/** Queries, keys and values: [rows, heads × headSize] as products give and take them, or [batch, heads, tokens, headSize]. */
export interface Projections {
  readonly q: string;
  readonly k: string;
  readonly v: string;
}

/** What is dropped of attention's probabilities [batch, heads, tokens, tokens]. */
type Drop = (probabilities: string) => string;

/** Queries, keys and values → `context` [rows, heads × headSize]; what its gradient needs: those split into heads, and `probabilities`. */
export function attend(emit: Emitter, { q, k, v }: Projections, layout: Layout, drop: Drop) {
  const split = splitter(emit, layout);
  const heads = { q: split(q), k: split(k), v: split(v) };
  const scores = product(emit, heads.q, heads.k, { transB: true, scale: 1 / Math.sqrt(layout.headSize) });
  const closed = emit.multiply(emit.subtract(layout.mask, emit.scalar(1)), FAR_BELOW);
  const masked = emit.add(scores, emit.node('Unsqueeze', [closed, emit.ints(1, 2)]));
  const probabilities = emit.node('Softmax', [masked], { axis: -1 });
  const context = merged(emit, product(emit, drop(probabilities), heads.v), q);
  return { context, heads, probabilities };
}

/** Gradients of queries, keys and values as rows, from that of the context; `heads` are they as `attend` split them. */
export function attendGradient(
  emit: Emitter,
  heads: Projections,
  probabilities: string,
  layout: Layout,
  drop: Drop,
  dContext: string,
): Projections {
  const dHeads = splitter(emit, layout)(dContext);
  const dProbabilities = drop(product(emit, dHeads, heads.v, { transB: true }));
  const weighed = emit.multiply(probabilities, dProbabilities);
  // Softmax: p (dp - Σ p dp), written with one product less.
  const dScores = emit.subtract(weighed, emit.multiply(probabilities, emit.sum(weighed, -1, true)));
  const scale = 1 / Math.sqrt(layout.headSize);
  return {
    q: merged(emit, product(emit, dScores, heads.k, { scale }), dContext),
    k: merged(emit, product(emit, dScores, heads.q, { transA: true, scale }), dContext),
    v: merged(emit, product(emit, drop(probabilities), dHeads, { transA: true }), dContext),
  };
}

/** [rows, heads × headSize] → [batch, heads, tokens, headSize]. */
function splitter(emit: Emitter, { mask, headSize }: Layout): (matrix: string) => string {
  const shape = emit.node('Concat', [emit.shape(mask), emit.ints(-1, headSize)], { axis: 0 });
  return (matrix) => emit.node('Transpose', [emit.reshape(matrix, shape)], { perm: [0, 2, 1, 3] });
}

/** [batch, heads, tokens, headSize] → [rows, heads × headSize], the shape of `like`. */
function merged(emit: Emitter, heads: string, like: string): string {
  return emit.reshape(emit.node('Transpose', [heads], { perm: [0, 2, 1, 3] }), emit.shape(like));
}

/** Of each head's matrices, either transposed first, times `scale`. */
function product(
  emit: Emitter,
  a: string,
  b: string,
  { transA, transB, scale = 1 }: { transA?: boolean; transB?: boolean; scale?: number } = {},
): string {
  // onnxruntime's own operator reads transposed what others have to copy first; it is for float32 only.
  if (emit.type === 'float32')
    return emit.fused('FusedMatMul', [a, b], {
      alpha: { f: scale },
      ...(transA && { transA: 1 }),
      ...(transB && { transB: 1 }),
    });
  const plain = emit.node('MatMul', [transA ? swapped(emit, a) : a, transB ? swapped(emit, b) : b]);
  return scale === 1 ? plain : emit.multiply(plain, scale);
}

const swapped = (emit: Emitter, value: string) => emit.node('Transpose', [value], { perm: [0, 1, 3, 2] });
