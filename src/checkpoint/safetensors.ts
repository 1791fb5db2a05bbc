/** Reads a safetensors file through a file handle, one tensor, or some rows of one, at a time. */
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { bfloatToFloat, halfToFloat } from './half-float.js';
import {
  bytesPerElement,
  type Dtype,
  type Gap,
  maxHeaderBytes,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';
import type { TensorSource } from './tensor-source.js';

export type { Dtype, Gap, TensorEntry };

/** Longest single read, in bytes: what is converted on the way never stands in memory twice. */
const chunkBytes = 1 << 20;

export class SafetensorsFile implements TensorSource {
  readonly names: readonly string[];

  private constructor(
    /** Path, as errors name it. */
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly header: SafetensorsHeader,
  ) {
    this.names = [...header.tensors.keys()];
  }

  /**
   * Opens a file and checks its header whole; reads no tensor.
   * @param options.allowGaps leave bytes that belong to no tensor to the caller, who finds them in `gaps`
   * @throws SAFETENSORS_HEADER, CHECKPOINT_FILE_MISSING, CHECKPOINT_FILE_UNREADABLE
   */
  static async open(path: string, options: { allowGaps?: boolean } = {}): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (cause) {
      if (systemCodeOf(cause) === 'ENOENT')
        throw new SnugError('CHECKPOINT_FILE_MISSING', `${path}: no such file`, { cause });
      throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: ${messageOf(cause)}`, { cause });
    }
    try {
      const file = new SafetensorsFile(path, handle, await readHeader(path, handle));
      if (!options.allowGaps) file.refuseGaps();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes of the file that belong to no tensor; the format allows none. */
  get gaps(): readonly Gap[] {
    return this.header.gaps;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  /** @throws SAFETENSORS_HEADER where `gaps` is not empty */
  refuseGaps(): void {
    const [gap] = this.header.gaps;
    if (gap === undefined) return;
    throw new SnugError(
      'SAFETENSORS_HEADER',
      `${this.path}: the header leaves ${gap.end - gap.begin} bytes from byte ${gap.begin} to no tensor`,
    );
  }

  has(name: string): boolean {
    return this.header.tensors.has(name);
  }

  /** Type, shape and place of a tensor. Throws TENSOR_MISSING. */
  entry(name: string): TensorEntry {
    const entry = this.header.tensors.get(name);
    if (entry === undefined) throw new SnugError('TENSOR_MISSING', `${this.path}: no tensor ${name}`);
    return entry;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  dtype(name: string): Dtype {
    return this.entry(name).dtype;
  }

  async read(name: string): Promise<Float32Array> {
    const { begin, end, dtype } = this.entry(name);
    return await this.readFloats(name, dtype, begin, end);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const { dtype } = this.entry(name);
    const [begin, end] = this.rowSpan(name, from, to);
    return await this.readFloats(name, dtype, begin, end);
  }

  /** The bytes as stored (little-endian), of the whole tensor or of rows `from` up to but not including `to`. */
  async readBytes(name: string, from?: number, to?: number): Promise<Uint8Array> {
    const rows = this.entry(name).shape[0] ?? 1;
    const [begin, end] = this.rowSpan(name, from ?? 0, to ?? rows);
    const bytes = this.allocate(name, end - begin, (length) => new Uint8Array(length));
    await readFully(this.handle, bytes, begin, this.path, `tensor ${name}`);
    return bytes;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private rowSpan(name: string, from: number, to: number): [begin: number, end: number] {
    const { begin, end, shape } = this.entry(name);
    const rows = shape[0] ?? 1;
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= rows)) {
      throw new SnugError(
        'SAFETENSORS_READ',
        `${this.path}: tensor ${name} has ${rows} rows, not rows ${from} to ${to}`,
      );
    }
    const rowBytes = rows === 0 ? 0 : (end - begin) / rows;
    return [begin + from * rowBytes, begin + to * rowBytes];
  }

  private async readFloats(name: string, dtype: Dtype, begin: number, end: number): Promise<Float32Array> {
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
      throw new SnugError(
        'TENSOR_VALUE',
        `${this.path}: tensor ${name} is stored as ${dtype}, not as F32, F16 or BF16`,
      );
    }
    const count = (end - begin) / bytesPerElement[dtype];
    const floats = this.allocate(name, count, (length) => new Float32Array(length));
    if (dtype === 'F32') {
      await readFully(this.handle, new Uint8Array(floats.buffer), begin, this.path, `tensor ${name}`);
      return floats;
    }
    const convert = dtype === 'F16' ? halfToFloat : bfloatToFloat;
    const chunk = new Uint16Array(Math.min(chunkBytes / 2, count));
    for (let done = 0; done < count; done += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, count - done));
      const bytes = new Uint8Array(part.buffer, 0, part.byteLength);
      await readFully(this.handle, bytes, begin + done * 2, this.path, `tensor ${name}`);
      convert(part, floats.subarray(done, done + part.length));
    }
    return floats;
  }

  private allocate<Type>(name: string, length: number, create: (length: number) => Type): Type {
    try {
      return create(length);
    } catch (cause) {
      const what = `${this.path}: tensor ${name} with ${length} values does not fit into memory`;
      throw new SnugError('SAFETENSORS_READ', what, { cause });
    }
  }
}

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: is not a file`);
  const wrong = (what: string) => new SnugError('SAFETENSORS_HEADER', `${path}: ${what}`);
  if (stats.size < 8) throw wrong(`${stats.size} bytes are too few to hold a safetensors header`);
  const start = new Uint8Array(8);
  await readFully(handle, start, 0, path, 'the header');
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > BigInt(stats.size - 8)) {
    throw wrong(`the header should have ${length} bytes, but the file has ${stats.size} in all`);
  }
  if (length > BigInt(maxHeaderBytes))
    throw wrong(`the header has ${length} bytes; at most ${maxHeaderBytes} are read`);
  const json = new Uint8Array(Number(length));
  await readFully(handle, json, 8, path, 'the header');
  return parseHeader(path, json, 8 + json.length, stats.size);
}

/** Fills `into` from `position` on, however short the single reads are. */
async function readFully(
  handle: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
  what: string,
): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const length = Math.min(into.length - done, 1 << 30);
    const { bytesRead } = await handle.read(into, done, length, position + done).catch((cause: unknown) => {
      throw new SnugError('SAFETENSORS_READ', `${path}: ${what}: ${messageOf(cause)}`, { cause });
    });
    if (bytesRead === 0) throw new SnugError('SAFETENSORS_READ', `${path}: ${what}: the file ends early`);
    done += bytesRead;
  }
}
