/** How texts are pooled while they are learnt from. */
import type { Checkpoint } from '../../checkpoint/index.js';
import { SnugError } from '../../errors/index.js';
import type { LinearPooling } from '../../train/index.js';

/** @throws USAGE where the checkpoint's way has no gradient here */
export function linearPooling({ folder, pooling: { mode } }: Checkpoint): LinearPooling {
  if (mode !== 'max') return mode;
  throw new SnugError('USAGE', `${folder}: a checkpoint that pools by the largest value can't be trained`, {
    remedy: 'Build it with --recipe fast.',
  });
}
