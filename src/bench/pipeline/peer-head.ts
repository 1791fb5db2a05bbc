/** The linear head that the peer puts on its pooled vectors, so that both sides answer with a label and a probability. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SafetensorsFile } from '../../checkpoint/index.js';
import { headTensors } from '../../model/head.js';

export interface PeerHead {
  readonly labels: readonly string[];
  /** One row a label. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** CLINC150's number of labels and MiniLM's hidden size: a stand-in costs what the real head costs. */
const STAND_IN = { labels: 150, hiddenSize: 384 } as const;

/** The head of a bundle's full width. */
export async function readBundleHead(bundle: string): Promise<PeerHead> {
  const manifest = JSON.parse(await readFile(join(bundle, 'manifest.json'), 'utf8')) as { labels: string[] };
  const file = await SafetensorsFile.open(join(bundle, 'master.safetensors'));
  try {
    const [labels, hiddenSize] = file.shape(headTensors.weight);
    const weight = await file.read(headTensors.weight);
    const bias = await file.read(headTensors.bias);
    return {
      labels: manifest.labels,
      weight: Array.from({ length: labels }, (_, label) => [
        ...weight.subarray(label * hiddenSize, (label + 1) * hiddenSize),
      ]),
      bias: [...bias],
    };
  } finally {
    await file.close();
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
