/** The sequence classification head of a checkpoint. */
import { SnugError } from '../errors/index.js';
import type { TensorFinder } from './checked-tensors.js';
import type { ModelConfig, Problem } from './config.js';
import { headTensors, type WantedTensor } from './naming.js';

/**
 * A head over the first token's hidden state: `head.classifier` (`head.dense` (state)), with tanh between for BERT and
 * ReLU for DistilBERT. Its tensors are `head.dense.weight|bias` (hidden × hidden) and `head.classifier.weight|bias`
 * (labels × hidden).
 */
export interface FirstTokenHead {
  readonly kind: 'first-token';
  readonly labels: readonly string[];
  readonly problem: Problem;
  readonly activation: 'tanh' | 'relu';
}

/** A linear head over pooled vectors (of length one where `normalize`): `head.weight|bias` (labels × hidden). */
export interface PooledHead {
  readonly kind: 'pooled';
  readonly labels: readonly string[];
  readonly problem: Problem;
  readonly normalize: boolean;
}

export type ClassificationHead = FirstTokenHead | PooledHead;

/** The head that a checkpoint has, and the tensors it needs; undefined where it has none. */
export function findHead(
  finder: TensorFinder,
  config: ModelConfig,
  configPath: string,
): { head: FirstTokenHead; tensors: Iterable<WantedTensor> } | undefined {
  if (!hasHead(finder, config)) return undefined;
  const rows = finder.shapeOf('classifier.bias')?.[0];
  const labels = config.idToLabel ?? Array.from({ length: rows ?? 2 }, (_, id) => `LABEL_${id}`);
  if (labels.length < 2) {
    const what = `the classification head has one label (${labels.join()}): that is a regression, which is not supported`;
    throw new SnugError('CHECKPOINT_UNSUPPORTED', `${configPath}: ${what}`);
  }
  const activation = config.family === 'bert' ? 'tanh' : 'relu';
  // Without problem_type, several labels mean one answer per text, as in the reference implementation.
  const head: FirstTokenHead = { kind: 'first-token', labels, problem: config.problem ?? 'single', activation };
  return { head, tensors: headTensors(config, labels.length) };
}

/** Other heads (token classification, masked words) have no use here: such a checkpoint is taken as an encoder. */
function hasHead(finder: TensorFinder, { architectures, family }: ModelConfig): boolean {
  if (architectures.length > 0) return architectures.some((name) => name.endsWith('ForSequenceClassification'));
  const dense = family === 'bert' ? `${finder.prefix}pooler.dense.weight` : 'pre_classifier.weight';
  return finder.shapeOf('classifier.weight') !== undefined && finder.shapeOf(dense) !== undefined;
}
