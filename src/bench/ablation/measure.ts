/** How right a slice is: under a head fitted on its own vectors, and under the whole network's head, cut. */
import { embedUnit } from '../../build/embed.js';
import { type FittedHead, fitHead } from '../../build/fit-head.js';
import type { Arrangement } from '../../compress/arrange.js';
import type { EncoderSession } from '../../infer/index.js';
import { countRight, type LinearHead, type Matrix } from '../../train/index.js';
import type { LabelledTexts, Task } from './data.js';
import type { NetworkUnderTest, SliceUnderTest } from './network.js';

export interface Measured {
  /** Share of the test rows that are right under a head of the slice's own. */
  readonly accuracy: number;
  /** The same of the held-back rows. */
  readonly heldAccuracy: number;
  /** Under the whole network's head, of which the slice's channels are kept. */
  readonly cutAccuracy: number;
  readonly head: FittedHead;
  readonly weightBytes: number;
}

/** @param whole the whole network's head, its channels in the slice's order; none for the whole network itself */
export function measureSlice(
  network: NetworkUnderTest,
  slice: SliceUnderTest,
  task: Task,
  whole?: FittedHead,
): Promise<Measured> {
  return network.withSlice(slice, async (session, weightBytes) => {
    const embed = async ({ texts, classes }: LabelledTexts) => ({
      vectors: await embedUnit(session, network.tokenizer, texts, () => undefined),
      classes,
    });
    const [train, held, test] = [await embed(task.train), await embed(task.held), await embed(task.test)];
    const head = await fitHead(train, held, task.labels.length, {
      threads: network.threads,
      onProgress: () => undefined,
      nearTo: whole,
    });
    const share = (by: LinearHead, { vectors, classes }: typeof test) =>
      countRight(by, vectors, classes) / vectors.rows;
    return {
      accuracy: share(head, test),
      heldAccuracy: share(head, held),
      cutAccuracy: share(firstColumnsOf(whole ?? head, test.vectors.columns), test),
      head,
      weightBytes,
    };
  });
}

/** Accuracy of a slice under a head that is there already, texts one at a time: one scale serves an 8-bit batch. */
export function accuracyOf(
  network: NetworkUnderTest,
  slice: SliceUnderTest,
  rows: LabelledTexts,
  heads: readonly LinearHead[],
): Promise<{ accuracies: number[]; weightBytes: number }> {
  return network.withSlice(slice, async (session, weightBytes) => {
    const vectors = await embedOneByOne(session, network, rows.texts);
    return {
      accuracies: heads.map(
        (head) => countRight(firstColumnsOf(head, vectors.columns), vectors, rows.classes) / vectors.rows,
      ),
      weightBytes,
    };
  });
}

async function embedOneByOne(
  session: EncoderSession,
  network: NetworkUnderTest,
  texts: readonly string[],
): Promise<Matrix> {
  const parts: Float32Array[] = [];
  for (const text of texts) parts.push((await embedUnit(session, network.tokenizer, [text], () => undefined)).values);
  const columns = parts[0].length;
  const values = new Float32Array(parts.length * columns);
  for (const [row, part] of parts.entries()) values.set(part, row * columns);
  return { values, rows: parts.length, columns };
}

/** A head that reads the channels in another order. */
export function rearranged(head: FittedHead, { channels }: Arrangement): FittedHead {
  const columns = channels.length;
  const weight = head.weight.map((_, at) => head.weight[at - (at % columns) + channels[at % columns]]);
  return { ...head, weight };
}

function firstColumnsOf({ weight, bias }: LinearHead, columns: number): LinearHead {
  const before = weight.length / bias.length;
  return { weight: weight.filter((_, at) => at % before < columns), bias };
}
