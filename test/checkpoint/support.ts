/** What the tests of this room share. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import {
  type Checkpoint,
  type Dtype,
  openCheckpoint,
  SafetensorsFile,
  writeSafetensors,
} from '../../src/checkpoint/index.js';

/** A folder that goes with the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-checkpoint-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The tiny checkpoints written by make.py. */
export const fixtures = fileURLToPath(new URL('../fixtures/checkpoints/', import.meta.url));

export type FixtureName = 'bert-mean' | 'bert-single-label' | 'distilbert-multi-label' | 'bert-cls-sharded';

/** A copy of a fixture that the test may damage. */
export async function copyOf(t: ExecutionContext, name: FixtureName): Promise<string> {
  const folder = join(await temporaryFolder(t), name);
  await cp(join(fixtures, name), folder, { recursive: true });
  return folder;
}

/** Opens a checkpoint that is closed when the test ends. */
export async function opened(t: ExecutionContext, folder: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(folder);
  t.teardown(() => checkpoint.close());
  return checkpoint;
}

/** Changes keys of a JSON file; `undefined` removes a key. */
export async function patchJson(path: string, changes: Record<string, unknown>): Promise<void> {
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...changes }));
}

export interface RawTensor {
  dtype: Dtype;
  shape: number[];
  bytes: Uint8Array;
}

/** Reads all tensors of a file, lets the test change them, and writes the file anew. */
export async function rewriteWeights(path: string, change: (tensors: Map<string, RawTensor>) => void): Promise<void> {
  const file = await SafetensorsFile.open(path);
  const tensors = new Map<string, RawTensor>();
  for (const name of file.names) {
    const { dtype, shape } = file.entry(name);
    tensors.set(name, { dtype, shape: [...shape], bytes: await file.readBytes(name) });
  }
  await file.close();
  change(tensors);
  const list = [...tensors].map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, chunks: () => [bytes] }));
  await writeSafetensors(path, list);
}

/** The checkpoint `bert-mean` with a classification head over its pooled vectors, of random weights, not small. */
export async function withPooledHead(t: ExecutionContext, labels: readonly string[]): Promise<string> {
  const folder = await copyOf(t, 'bert-mean');
  const modules = ['', '1_Pooling', '2_Dense'].map((path, idx) => ({
    idx,
    path,
    type: `sentence_transformers.models.${path.slice(2) || 'Transformer'}`,
  }));
  await writeFile(join(folder, 'modules.json'), JSON.stringify(modules));
  await patchJson(join(folder, 'config.json'), { id2label: { ...labels } });
  const dense = join(folder, '2_Dense');
  await mkdir(dense);
  const hidden = 32;
  const settings = { in_features: hidden, out_features: labels.length, bias: true };
  const activation_function = 'torch.nn.modules.linear.Identity';
  await writeFile(join(dense, 'config.json'), JSON.stringify({ ...settings, activation_function }));
  const random = seeded(31);
  const tensor = (name: string, shape: number[]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => 2 * random() - 1);
    return { name, dtype: 'F32' as const, shape, chunks: () => [new Uint8Array(values.buffer)] };
  };
  const tensors = [tensor('linear.weight', [labels.length, hidden]), tensor('linear.bias', [labels.length])];
  await writeSafetensors(join(dense, 'model.safetensors'), tensors);
  return folder;
}
