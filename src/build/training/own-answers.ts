/** Without labelled rows the checkpoint teaches its own slices: it is the network that others would be fine-tuned to be. */
import { SnugError } from '../../errors/index.js';
import { argmax } from '../../infer/index.js';
import { headTensors, shapeOf } from '../../model/index.js';
import { Backpropagation, batchOf, type Example, Parameters, writeWeights } from '../../train/index.js';
import type { Workshop } from '../build.js';
import { sampled } from '../calibration-texts.js';
import { linearPooling } from './pooling.js';
import type { Bench } from './training-plan.js';

/** Share of the texts that nothing learns from, and how many at most: how slices do is told by them. */
const HELD_SHARE = 0.1;
const MOST_HELD = 1000;

/** The checkpoint's labels where its head can teach. @throws USAGE where it can't */
export function teachingLabels({ checkpoint, options }: Bench): readonly string[] {
  const { head, folder } = checkpoint;
  const why =
    head?.kind !== 'pooled' || head.normalize
      ? 'only a linear head over pooled vectors can be trained'
      : head.problem === 'multi'
        ? 'a head with several answers a text is not trained'
        : options.unlabelled === undefined
          ? 'no texts to learn from'
          : undefined;
  if (why === undefined && head) return head.labels;
  throw new SnugError('USAGE', `${folder}: ${why}`, {
    remedy: 'Use --recipe fast, give texts with --unlabelled, or labelled rows with --data and --eval.',
  });
}

/** Path of the checkpoint's weights as training reads them, its head among them. */
export function ownWeights({ checkpoint, place }: Workshop, labels: number): Promise<string> {
  return place.file('fine-tuned.safetensors', async (path) =>
    writeWeights(path, await Parameters.read(checkpoint.tensors, shapeOf(checkpoint), labels)),
  );
}

/** Texts to learn from, and others, none of them among the first, with what the checkpoint says of them for a label. */
export async function ownRows(
  { checkpoint, options }: Bench,
  examples: readonly Example[],
): Promise<{ learnt: Example[]; held: Example[] }> {
  // Streams repeat themselves: a text that is held aside is so wherever it stands.
  const keyOf = ({ ids }: Example) => ids.join(' ');
  const distinct = [...new Map(examples.map((example) => [keyOf(example), example])).values()];
  const count = Math.max(1, Math.min(MOST_HELD, Math.floor(HELD_SHARE * distinct.length)));
  const held = sampled(distinct, count, options.seed + 1);
  const parameters = await Parameters.read(
    checkpoint.tensors,
    shapeOf(checkpoint),
    checkpoint.tensors.shape(headTensors.bias)[0],
  );
  const run = new Backpropagation(shapeOf(checkpoint), parameters, { threads: options.threads });
  try {
    const answered: Example[] = [];
    for (const { ids } of held) {
      const logits = await run.logits(batchOf([ids], undefined, linearPooling(checkpoint)));
      answered.push({ ids, label: argmax(logits) });
    }
    const isHeld = new Set(held.map(keyOf));
    const learnt = examples.filter((example) => !isHeld.has(keyOf(example)));
    // One text, however often: it has to serve for both.
    return { learnt: learnt.length > 0 ? learnt : [...examples], held: answered };
  } finally {
    await run.close();
  }
}
