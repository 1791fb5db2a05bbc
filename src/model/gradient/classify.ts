/** Pooling, linear head and loss as one graph, with their gradients. */
import { affine, affineInput, affineParameters } from './affine.js';
import { dropping } from './drop.js';
import { Emitter, type Real } from './emitter.js';

export interface ClassifyGraphOptions {
  readonly dropout: boolean;
  readonly type?: Real;
}

export const CLASSIFY_DROP = 'drop_pooled';

/**
 * `h` [rows, channels], `shares` [batch, tokens] (what each token counts in its text's vector: 1 / tokens for a mean),
 * `weight` [labels, channels], `bias` → `logits` [batch, labels].
 *
 * `targets` and `soft` [batch, labels] are what is wanted; a text whose row is zero there counts for nothing. `loss` =
 * `hard_weight` Σ cross entropy(targets, logits) + `soft_weight` T² Σ cross entropy(soft, logits / T), with T the `temperature`
 * (Hinton et al., arXiv 1503.02531): soft targets are a teacher's probabilities at that temperature. Of a mean over n texts the
 * weights are 1 / n. Gradients `dh`, `d.weight`, `d.bias`.
 */
export function classifyGraph({ dropout, type }: ClassifyGraphOptions): Promise<Uint8Array> {
  const emit = new Emitter('classify', type);
  const drop = dropping(emit, dropout);
  const h = emit.input('h', ['rows', 'channels']);
  const shares = emit.node('Unsqueeze', [emit.input('shares', ['batch', 'tokens']), emit.ints(1)]);
  const weight = emit.input('weight', ['labels', 'channels']);
  const [pooledDims, labelDims] = [
    ['batch', 'channels'],
    ['batch', 'labels'],
  ];

  const pooled = drop(pool(emit, h, shares), CLASSIFY_DROP, pooledDims);
  const logits = affine(emit, pooled, weight, emit.input('bias', ['labels']));
  emit.output('logits', logits, labelDims);

  const temperature = emit.input('temperature', []);
  const hard = crossEntropy(emit, logits, emit.input('targets', labelDims));
  const soft = crossEntropy(emit, emit.node('Div', [logits, temperature]), emit.input('soft', labelDims));
  const [hardWeight, softWeight] = [emit.input('hard_weight', []), emit.input('soft_weight', [])];
  const softSlope = emit.multiply(softWeight, temperature);
  const softValue = emit.multiply(softSlope, temperature);
  emit.output('loss', emit.add(emit.multiply(hard.loss, hardWeight), emit.multiply(soft.loss, softValue)), []);

  const dLogits = emit.add(emit.multiply(hard.gradient, hardWeight), emit.multiply(soft.gradient, softSlope));
  const parameters = affineParameters(emit, pooled, dLogits);
  emit.output('d.weight', parameters.weight, ['labels', 'channels']);
  emit.output('d.bias', parameters.bias, ['labels']);
  const dPooled = drop(affineInput(emit, weight, dLogits), CLASSIFY_DROP, pooledDims);
  emit.output('dh', poolGradient(emit, h, shares, dPooled), ['rows', 'channels']);
  return emit.encode();
}

/** h [batch × tokens, channels] under shares [batch, 1, tokens] → [batch, channels]. */
export function pool(emit: Emitter, h: string, shares: string): string {
  const shape = emit.node('Concat', [emit.shape(shares, 0, 1), emit.shape(shares, 2, 3), emit.ints(-1)], { axis: 0 });
  return emit.node('Squeeze', [emit.node('MatMul', [shares, emit.reshape(h, shape)]), emit.ints(1)]);
}

export function poolGradient(emit: Emitter, h: string, shares: string, dPooled: string): string {
  const columns = emit.node('Transpose', [shares], { perm: [0, 2, 1] });
  const spread = emit.multiply(columns, emit.node('Unsqueeze', [dPooled, emit.ints(1)]));
  return emit.reshape(spread, emit.shape(h));
}

/** −Σ targets · log softmax(logits) over all rows, and its gradient for the logits. */
export function crossEntropy(emit: Emitter, logits: string, targets: string) {
  const log = emit.node('LogSoftmax', [logits], { axis: -1 });
  const likelihood = emit.node('ReduceSum', [emit.multiply(targets, log)], { keepdims: 0 });
  const wanted = emit.sum(targets, -1, true);
  return {
    loss: emit.node('Neg', [likelihood]),
    gradient: emit.subtract(emit.multiply(emit.node('Exp', [log]), wanted), targets),
  };
}
