/** Writes a safetensors file tensor by tensor: the same tensors always give the same bytes. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { bytesPerElement, type Dtype, elementCount } from './safetensors-header.js';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The tensor's bytes, little-endian, in pieces of any size; called once, when the tensor's turn comes. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Length and hash of what was written, as a manifest lists them. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes tensors in the order given and syncs the file; the caller renames it into place. The header is padded so that
 * the first tensor starts at a multiple of 8 bytes: give wide types before narrow ones to keep all aligned.
 * Nothing is left at `path` on failure.
 * @throws SAFETENSORS_WRITE, DISK_FULL
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<WrittenFile> {
  const header = encodeHeader(path, tensors, metadata);
  const handle = await open(path, 'w').catch((error: unknown) => {
    throw asWriteError(path, error);
  });
  try {
    const out = new HashedOutput(handle);
    await out.write(header);
    for (const tensor of tensors) await writeTensor(path, tensor, out);
    await handle.sync();
    await handle.close();
    return { bytes: out.bytes, sha256: out.hash.digest('hex') };
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(path, { force: true });
    throw asWriteError(path, error);
  }
}

class HashedOutput {
  readonly hash = createHash('sha256');
  bytes = 0;

  constructor(private readonly handle: FileHandle) {}

  async write(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk);
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done);
      done += bytesWritten;
    }
    this.bytes += chunk.length;
  }
}

async function writeTensor(path: string, tensor: TensorToWrite, out: HashedOutput): Promise<void> {
  const start = out.bytes;
  for await (const chunk of tensor.chunks()) await out.write(chunk);
  const declared = byteLength(path, tensor);
  if (out.bytes - start === declared) return;
  const what = `${path}: tensor ${tensor.name} was given ${out.bytes - start} bytes, but its shape needs ${declared}`;
  throw new SnugError('SAFETENSORS_WRITE', what);
}

function byteLength(path: string, { name, shape, dtype }: TensorToWrite): number {
  const count = shape.every((size) => Number.isSafeInteger(size) && size >= 0) ? elementCount(shape) : undefined;
  if (count !== undefined) return count * bytesPerElement[dtype];
  throw new SnugError('SAFETENSORS_WRITE', `${path}: tensor ${name} cannot have the shape [${shape.join(', ')}]`);
}

/** Length of the JSON, then the JSON, padded with spaces to a multiple of 8 bytes. */
function encodeHeader(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(['__metadata__', metadata]);
  const names = new Set(['__metadata__']);
  let offset = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (names.has(name)) throw new SnugError('SAFETENSORS_WRITE', `${path}: two tensors are named ${name}`);
    names.add(name);
    const end = offset + byteLength(path, tensor);
    entries.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  // Not by way of an object: it would put names that look like numbers first.
  const json = Buffer.from(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
  );
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8), 0);
  json.copy(padded, 8);
  return padded;
}

/** Names the file in an error of the system; what `chunks` threw on its own account stays as it is. */
function asWriteError(path: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (error instanceof SnugError || code === undefined) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const what = `${path}: ${full ? 'no space left on the disk' : messageOf(error)}`;
  return new SnugError(full ? 'DISK_FULL' : 'SAFETENSORS_WRITE', what, { cause: error });
}
