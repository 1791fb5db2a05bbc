/**
 * Lets onnxruntime lay weights out as its kernels want them, and keeps the result in the file of weights. A session that loads it
 * maps the prepared weights instead of making its own copy: less anonymous memory, a quicker start. The result holds for this
 * runtime version and processor only.
 */
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TensorSource } from '../checkpoint/index.js';
import { type PlannedGraph, prepackedEntries } from '../model/index.js';
import { collectGarbage, InferenceSession } from '../runtime/index.js';

/** Kernels read whole vectors; onnxruntime itself writes at any offset, where some of them crash and others are slow. */
const BLOB_ALIGNMENT_BYTES = 4096;
const SAVED = 'saved.onnx';
const SAVED_WEIGHTS = 'saved.bin';

export type Prepacked = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * Appends the prepared weights of a profile to its file of weights. One product at a time: all of them together would take as much
 * memory as the whole network.
 * @returns the entries that the graph must have to use them, by weight; empty where this runtime's form is not known
 */
export async function prepack(plan: PlannedGraph, source: TensorSource, weights: string): Promise<Prepacked> {
  const folder = dirname(weights);
  const [model, saved, savedWeights] = ['product.onnx', SAVED, SAVED_WEIGHTS].map((name) => join(folder, name));
  const all = new Map<string, Readonly<Record<string, string>>>();
  const to = await open(weights, 'r+');
  try {
    for (const encode of plan.products) {
      await writeFile(model, await encode(source, basename(weights)), { mode: 0o600 });
      await save(model, saved);
      const entries = prepackedEntries(await readFile(saved));
      if (entries.size === 0) continue;
      const from = await open(savedWeights, 'r');
      try {
        const { size } = await to.stat();
        for (const [name, entry] of await appendAll(entries, from, to, size)) all.set(name, entry);
      } finally {
        await from.close();
      }
      await rm(savedWeights, { force: true });
      collectGarbage();
    }
    return all;
  } finally {
    await to.close();
    for (const path of [model, saved, savedWeights]) await rm(path, { force: true });
  }
}

async function save(model: string, saved: string): Promise<void> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    // The graph is emitted with the operators that are quickest; the runtime would fuse some of them into slower ones.
    graphOptimizationLevel: 'disabled',
    optimizedModelFilePath: saved,
    logSeverityLevel: 3,
    extra: {
      session: {
        save_external_prepacked_constant_initializers: '1',
        optimized_model_external_initializers_file_name: SAVED_WEIGHTS,
        optimized_model_external_initializers_min_size_in_bytes: '1024',
      },
    },
  });
  await session.release();
}

async function appendAll(entries: Prepacked, from: FileHandle, to: FileHandle, size: number): Promise<Prepacked> {
  const moved = new Map<string, Record<string, string>>();
  let end = size;
  for (const [name, values] of entries) {
    const own: Record<string, string> = {};
    for (const [key, value] of Object.entries(values)) {
      // KERNEL+HASH|offset;length;…|offset;length;…
      const [kernel, ...blobs] = value.split('|');
      const places: string[] = [];
      for (const blob of blobs) {
        const match = /^(\d+);(\d+);(.*)$/s.exec(blob);
        if (!match) return new Map();
        const [, offset, length, rest] = match;
        end = Math.ceil(end / BLOB_ALIGNMENT_BYTES) * BLOB_ALIGNMENT_BYTES;
        await copy(from, Number(offset), Number(length), to, end);
        places.push(`${end};${length};${rest}`);
        end += Number(length);
      }
      own[key] = [kernel, ...places].join('|');
    }
    moved.set(name, own);
  }
  return moved;
}

async function copy(from: FileHandle, offset: number, length: number, to: FileHandle, at: number): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(length, 1 << 18));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await from.read(piece, 0, Math.min(piece.length, length - done), offset + done);
    if (bytesRead === 0) throw new Error('the file of prepared weights ends early');
    const { bytesWritten } = await to.write(piece, 0, bytesRead, at + done);
    done += bytesWritten;
  }
}
