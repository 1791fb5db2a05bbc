/** The encoder as the bundle stores it: arranged and corrected where the recipe cuts it, with the ranges of its activations. */
import { rm } from 'node:fs/promises';
import { Master, type MasterTensor, tensorOf, writeMaster } from '../bundle/making.js';
import { calibrate } from '../calibrate/index.js';
import type { TensorSource } from '../checkpoint/index.js';
import type { Workshop } from './build.js';
import { calibrationOf } from './calibration.js';
import { randomRows, sampled } from './calibration-texts.js';
import type { DraftManifest } from './draft-manifest.js';
import { measureRanges } from './embed.js';
import { encoderTensors } from './encoder-master.js';
import { withEncoder } from './encoder-session.js';
import { ownNorms, type Trained } from './training/index.js';

/** Texts, or made-up ones, over which the ranges of activations are measured. */
const RANGE_TEXTS = 256;

export interface StoredEncoder {
  /** A master that lacks the heads. */
  readonly path: string;
  /** The checkpoint's number of each stored channel. */
  readonly channels: readonly number[];
}

/** @param texts none where only the vocabulary is known */
export async function makeEncoder(
  workshop: Workshop,
  draft: DraftManifest,
  texts: readonly string[],
  trained?: Trained,
): Promise<StoredEncoder> {
  const { place } = workshop;
  const path = await place.file('encoder.safetensors', async (path) => {
    const { options, usedPieces } = workshop;
    const { source, channels, corrections } = await cut(workshop, texts, trained);
    await place.step('channels', async () => channels);
    const head = options.data === undefined && !trained;
    const encoder = encoderTensors(workshop.checkpoint, source, { head, usedPieces });
    const plain = `${path}.plain`;
    await writeMaster(plain, [...encoder, ...corrections], options.store);
    const ranges = await rangesOf(workshop, draft, plain, texts);
    await rm(plain, { force: true });
    await writeMaster(path, [...encoder, ...corrections, ...ranges], options.store);
  });
  return { path, channels: await place.step('channels', () => Promise.reject(new Error('no order of channels'))) };
}

async function cut(workshop: Workshop, texts: readonly string[], trained: Trained | undefined) {
  const { options, checkpoint } = workshop;
  const source: TensorSource = checkpoint.tensors;
  const { config } = checkpoint;
  const inOrder = Array.from({ length: config.hiddenSize }, (_, channel) => channel);
  if (options.recipe === 'head') return { source, channels: inOrder, corrections: [] };
  const calibration = calibrationOf(workshop, texts);
  const bag = tensorOf('bag.weights', [config.vocabSize], pieceWeights(calibration.rows, config.vocabSize));
  if (trained)
    return {
      ...trained,
      corrections: [
        ...trained.corrections,
        ...(await ownNorms(
          trained.source,
          config.layers,
          trained.found.map(({ name }) => name),
        )),
        bag,
      ],
    };
  const { arranged, channels, corrections } = await calibrate(calibration);
  // A fitted head reads the last layer's result through weights of its own; the checkpoint's needs the map to all channels.
  const unread = options.data === undefined ? undefined : 2 * config.layers;
  return { source: arranged, channels, corrections: [...corrections.tensors(options.store, unread), bag] };
}

/** How much a piece counts in a mean: the less, the more common it is (Arora et al., A simple but tough-to-beat baseline, 2017). */
function pieceWeights(rows: readonly (readonly number[])[], vocabSize: number): Float32Array {
  const counts = new Float32Array(vocabSize);
  let total = 0;
  for (const row of rows)
    for (const id of row) {
      counts[id]++;
      total++;
    }
  return counts.map((count) => 1e-3 / (1e-3 + count / total));
}

async function rangesOf(
  workshop: Workshop,
  draft: DraftManifest,
  path: string,
  texts: readonly string[],
): Promise<MasterTensor[]> {
  const { tokenizer, options, checkpoint } = workshop;
  const chosen = sampled(texts, RANGE_TEXTS, options.seed);
  const rows =
    chosen.length > 0
      ? chosen.map((text) => tokenizer.encode(text).ids)
      : randomRows(tokenizer, RANGE_TEXTS, options.seed);
  const [shape] = Object.keys(draft.shapes);
  const master = await Master.open(path);
  try {
    const found = await withEncoder(workshop, master, draft, shape, { ranges: true }, (session) =>
      measureRanges(session, rows, checkpoint.config.layers),
    );
    return [...found].map(([name, values]) => tensorOf(name, [values.length], values));
  } finally {
    await master.close();
  }
}
