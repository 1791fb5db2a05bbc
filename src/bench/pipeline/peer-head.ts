/** The linear head that the peer puts on its pooled vectors, so that both sides answer with a label and a probability. */
import { join } from 'node:path';
import { files, openBundle } from '../../bundle/index.js';
import { Master } from '../../bundle/making.js';
import { headTensors } from '../../model/index.js';

export interface PeerHead {
  readonly labels: readonly string[];
  /** One row a label. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** CLINC150's number of labels and MiniLM's hidden size: a stand-in costs what the real head costs. */
const STAND_IN = { labels: 150, hiddenSize: 384 } as const;

/** The head of a bundle's full width. */
export async function readBundleHead(folder: string): Promise<PeerHead> {
  const bundle = await openBundle(folder);
  const master = await Master.open(join(folder, files.master));
  try {
    const [labels, hiddenSize] = master.shape(headTensors.weight);
    const weight = await master.read(headTensors.weight);
    const bias = await master.read(headTensors.bias);
    const rowOf = (label: number) => [...weight.subarray(label * hiddenSize, (label + 1) * hiddenSize)];
    return {
      labels: bundle.manifest.labels,
      weight: Array.from({ length: labels }, (_, label) => rowOf(label)),
      bias: [...bias],
    };
  } finally {
    await master.close();
  }
}

/** A head of the right size that answers nonsense, for when there is no bundle: the peer's rows can be measured all the same. */
export function standInHead(): PeerHead {
  const { labels, hiddenSize } = STAND_IN;
  return {
    labels: Array.from({ length: labels }, (_, label) => `label ${label}`),
    weight: Array.from({ length: labels }, (_, label) =>
      Array.from({ length: hiddenSize }, (__, at) => Math.sin(label * 31 + at)),
    ),
    bias: Array.from({ length: labels }, () => 0),
  };
}
