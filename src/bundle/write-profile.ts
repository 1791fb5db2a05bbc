/** Writes a profile as files: the graph, its weights as onnxruntime lays them out, and a seal over both. */
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorSource } from '../checkpoint/index.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { makePrivateFolder } from '../files/index.js';
import type { PlannedGraph } from '../model/index.js';
import { collectGarbage } from '../runtime/index.js';
import { prepack } from './prepack.js';
import { type Materialised, MODEL_FILE, seal, WEIGHTS_FILE } from './seal.js';

/** What onnxruntime says where it can't write on, which has no error code; a full disk, in a folder that was written to just now. */
const RUNTIME_CANNOT_WRITE = /no space left|failed to write|serialization failed/i;

/** A table comes in many pieces, each a few times as large while it is made: the collector does not see those bytes by itself. */
const COLLECT_BYTES = 2 ** 19;

/** Writes a profile into a new folder. @throws CACHE_WRITE, DISK_FULL */
export async function writeProfile(plan: PlannedGraph, source: TensorSource, folder: string): Promise<Materialised> {
  try {
    await makePrivateFolder(folder);
    const model = join(folder, MODEL_FILE);
    const weights = join(folder, WEIGHTS_FILE);
    await writeWeights(plan, source, weights);
    const prepacked = await prepack(plan, source, weights);
    await writeFile(model, await plan.encode(source, WEIGHTS_FILE, prepacked), { mode: 0o600 });
    return await seal(folder, plan.weightBytes);
  } catch (error) {
    if (error instanceof SnugError) throw error;
    const full = systemCodeOf(error) === 'ENOSPC' || RUNTIME_CANNOT_WRITE.test(messageOf(error));
    throw new SnugError(full ? 'DISK_FULL' : 'CACHE_WRITE', `${folder}: ${messageOf(error)}`, { cause: error });
  }
}

async function writeWeights(plan: PlannedGraph, source: TensorSource, path: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.truncate(plan.externalBytes);
    for (const weight of plan.external) {
      await fill(handle, weight.offset, weight.fill(source));
      collectGarbage();
    }
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, offset: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let at = offset;
  let collectedAt = offset;
  for await (const piece of pieces) {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await handle.write(piece, done, piece.length - done, at + done);
      done += bytesWritten;
    }
    at += piece.length;
    if (at - collectedAt < COLLECT_BYTES) continue;
    collectGarbage();
    collectedAt = at;
  }
}
