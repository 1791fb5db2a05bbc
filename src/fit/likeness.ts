/**
 * Networks that cost what a profile costs and know nothing: the profile's own graph over a file of zeros. They let a board be
 * measured before anything was cut out of the bundle, and no byte is written for their weights: the file is one hole.
 */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Network } from '../bundle/index.js';
import { planEncoder } from '../model/index.js';

/** Rows of the embedding table: a text reads a few of them, however many there are. */
export const LIKENESS_VOCABULARY = 256;

const WEIGHTS = 'likeness.bin';

/** Writes the likeness of a network into a folder. @returns the path of its graph */
export async function writeLikeness({ shape, options }: Omit<Network, 'slice'>, folder: string): Promise<string> {
  const { hiddenSize, layers } = shape;
  const ones = (size: number) => new Float32Array(size).fill(1);
  // Networks in 8 bits have their channels evened out before each product.
  const smoothing = layers.map(({ neurons }) => ({
    qkv: ones(hiddenSize),
    up: ones(hiddenSize),
    down: ones(neurons),
    copies: [],
  }));
  const plan = planEncoder(
    { ...shape, vocabSize: LIKENESS_VOCABULARY },
    { ...options, ...(options.bits === 8 && { smoothing }) },
  );
  const path = join(folder, 'likeness.onnx');
  const handle = await open(join(folder, WEIGHTS), 'w', 0o600);
  try {
    await handle.truncate(plan.externalBytes);
  } finally {
    await handle.close();
  }
  await writeFile(path, plan.encodeHollow(WEIGHTS), { mode: 0o600 });
  return path;
}
