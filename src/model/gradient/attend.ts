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

export interface Projections {
  /** [rows, heads × headSize] */
  readonly q: string;
  readonly k: string;
  readonly v: string;
}

/** What is dropped of attention's probabilities [batch, heads, tokens, tokens]. */
type Drop = (probabilities: string) => string;

/** Queries, keys and values → `context` [rows, heads × headSize], and `probabilities` [batch, heads, tokens, tokens]. */
export function attend(emit: Emitter, { q, k, v }: Projections, layout: Layout, drop: Drop) {
  const split = splitter(emit, layout);
  const scores = emit.multiply(
    emit.node('MatMul', [split(q), swapped(emit, split(k))]),
    1 / Math.sqrt(layout.headSize),
  );
  const closed = emit.multiply(emit.subtract(layout.mask, emit.scalar(1)), FAR_BELOW);
  const masked = emit.add(scores, emit.node('Unsqueeze', [closed, emit.ints(1, 2)]));
  const probabilities = emit.node('Softmax', [masked], { axis: -1 });
  const context = merged(emit, emit.node('MatMul', [drop(probabilities), split(v)]), q);
  return { context, probabilities };
}

/** Gradients of queries, keys and values from that of the context. */
export function attendGradient(
  emit: Emitter,
  { q, k, v }: Projections,
  probabilities: string,
  layout: Layout,
  drop: Drop,
  dContext: string,
): Projections {
  const split = splitter(emit, layout);
  const [queries, keys, values, dHeads] = [q, k, v, dContext].map(split);
  const dProbabilities = drop(emit.node('MatMul', [dHeads, swapped(emit, values)]));
  const weighed = emit.multiply(probabilities, dProbabilities);
  // Softmax: p (dp - Σ p dp), written with one product less.
  const bent = emit.subtract(weighed, emit.multiply(probabilities, emit.sum(weighed, -1, true)));
  const dScores = emit.multiply(bent, 1 / Math.sqrt(layout.headSize));
  return {
    q: merged(emit, emit.node('MatMul', [dScores, keys]), q),
    k: merged(emit, emit.node('MatMul', [swapped(emit, dScores), queries]), k),
    v: merged(emit, emit.node('MatMul', [swapped(emit, drop(probabilities)), dHeads]), v),
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

const swapped = (emit: Emitter, value: string) => emit.node('Transpose', [value], { perm: [0, 1, 3, 2] });
