/** The linear head that the peer puts on its pooled vectors, so that both sides answer with a label and a probability. */
import { join } from 'node:path';
import { files, openBundle } from '../../bundle/index.js';
import { Master } from '../../bundle/making.js';
import { openCheckpoint, type TensorSource } from '../../checkpoint/index.js';
import { headTensors } from '../../model/index.js';

export interface PeerHead {
  readonly labels: readonly string[];
  /** One row a label. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** CLINC150's number of labels and MiniLM's hidden size: a stand-in costs what the real head costs. */
const STAND_IN = { labels: 150, hiddenSize: 384 } as const;

/** The head of a bundle's full width, for vectors of the checkpoint that it was built from. */
export async function readBundleHead(folder: string, checkpoint: string | undefined): Promise<PeerHead> {
  const { manifest } = await openBundle(folder);
  const master = await Master.open(join(folder, files.master));
  const opened = checkpoint === undefined ? undefined : await openCheckpoint(checkpoint);
  try {
    return await headOf(manifest.labels, master, opened?.tensors);
  } finally {
    await opened?.close();
    await master.close();
  }
}

/**
 * The head in `master`, its weights in the order of the checkpoint's hidden channels: a bundle may hold them in another. As it is
 * where there is no checkpoint, or one of another network.
 */
export async function headOf(
  labels: readonly string[],
  master: TensorSource,
  checkpoint: TensorSource | undefined,
): Promise<PeerHead> {
  const [, hiddenSize] = master.shape(headTensors.weight);
  const weight = await master.read(headTensors.weight);
  const bias = await master.read(headTensors.bias);
  const order = checkpoint && matchChannels(await namesOfChannels(checkpoint), await namesOfChannels(master));
  const rowOf = (label: number) => {
    const row = weight.subarray(label * hiddenSize, (label + 1) * hiddenSize);
    return order ? order.map((channel) => row[channel]) : [...row];
  };
  return { labels, weight: labels.map((_, label) => rowOf(label)), bias: [...bias] };
}

/** What tells a channel from the others: the first normalisation's weight and bias for it, which every order leaves as they are. */
async function namesOfChannels(source: TensorSource): Promise<string[]> {
  const weight = await source.read('embeddings.LayerNorm.weight');
  const bias = await source.read('embeddings.LayerNorm.bias');
  return Array.from(weight, (value, channel) => `${value} ${bias[channel]}`);
}

/** The place of each of `wanted` in `held`; undefined where they are not the same names, or a name stands there twice. */
export function matchChannels(wanted: readonly string[], held: readonly string[]): number[] | undefined {
  const places = new Map(held.map((name, place) => [name, place]));
  if (places.size !== held.length || wanted.length !== held.length) return undefined;
  const order = wanted.map((name) => places.get(name) ?? -1);
  return order.includes(-1) ? undefined : order;
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
