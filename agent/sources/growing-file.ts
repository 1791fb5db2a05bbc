/**
 * One open file that grows: gives what was added since the last time, notices truncation, and names places in itself that can be
 * found again after a restart.
 */
import type { FileHandle } from 'node:fs/promises';
import type { ByteStream } from './source.js';

const CHUNK_BYTES = 64 * 1024;
/** So many bytes before a place are known by their sum. */
const SUM_BYTES = 64;
/** Bytes before the read position that must still be the same, or the file was rewritten meanwhile. A place may lie in them. */
const OVERLAP_BYTES = 256 + SUM_BYTES;
const LF = 0x0a;
const CR = 0x0d;

/** A place in a file: its inode, the offset, and a sum of the bytes before it, by which a file that was rewritten is told. */
export interface Place {
  readonly file: string;
  readonly at: number;
  readonly sum: number;
}

/** Names the position behind a place in a file. */
export type PositionAt<Position> = (place: Place) => Position;

export class GrowingFile {
  readonly #chunk = Buffer.allocUnsafe(OVERLAP_BYTES + CHUNK_BYTES);
  #overlap: Buffer = Buffer.alloc(0);
  /** True while what was given ends within a line. */
  #midLine = false;
  /** After truncation, a writer that doesn't append goes on at its old place and leaves a hole of NULs. */
  #maybeHole = false;

  private constructor(
    private readonly file: FileHandle,
    /** Device and inode: what the file is, whatever it is called by now. */
    readonly identity: string,
    private offset: number,
    private readonly wholeLines: boolean,
  ) {}

  /**
   * Takes over an open file, to read on from its start, its end, or a place that it had; undefined where that place is gone.
   * `wholeLines`: what stands behind the last line's end stays unread until its line is whole.
   */
  static async at(
    place: 'start' | 'end' | Place,
    file: FileHandle,
    { wholeLines = true }: { readonly wholeLines?: boolean } = {},
  ): Promise<GrowingFile | undefined> {
    const { dev, ino, size } = await file.stat();
    const offset = typeof place === 'object' ? place.at : place === 'end' ? size : 0;
    if (offset > size) return undefined;
    const growing = new GrowingFile(file, `${dev}:${ino}`, offset, wholeLines);
    const overlap = Math.min(OVERLAP_BYTES, offset);
    const { bytesRead } = await file.read(growing.#chunk, 0, overlap, offset - overlap);
    growing.#overlap = Buffer.from(growing.#chunk.subarray(0, bytesRead));
    return typeof place === 'object' && growing.place.sum !== place.sum ? undefined : growing;
  }

  /** Where reading goes on. */
  get place(): Place {
    return this.#placeAt(this.offset, this.#overlap, this.#overlap.length);
  }

  /** Gives what was added until there is no more or `going` says no; resolves to how many bytes it gave. What comes meanwhile may stay. */
  async read<Position extends Readonly<Record<string, unknown>>>(
    stream: ByteStream,
    going: () => boolean,
    positionAt: PositionAt<Position>,
  ): Promise<number> {
    let given = 0;
    while (going()) {
      const fresh = await this.#fresh();
      if (fresh === undefined) {
        this.#rewind(stream);
        continue;
      }
      const hole = this.#maybeHole ? countLeading(0, fresh) : 0;
      if (hole > 0) {
        this.#pass(fresh.subarray(0, hole));
        continue;
      }
      const bytes = this.#readyBytes(fresh);
      if (bytes === 0) break;
      this.#maybeHole = false;
      given += bytes;
      const reachedEnd = fresh.length < CHUNK_BYTES;
      await this.#give(stream, fresh.subarray(0, bytes), positionAt);
      if (reachedEnd) break;
    }
    return given;
  }

  /** Gives what stands behind the last whole line as a line; for a file that is finished. */
  async readRest<Position extends Readonly<Record<string, unknown>>>(
    stream: ByteStream,
    positionAt: PositionAt<Position>,
  ): Promise<void> {
    const rest = await this.#fresh();
    if (rest !== undefined && rest.length > 0) await this.#give(stream, rest, positionAt);
    stream.flush();
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** The bytes behind the read position; undefined where those before it are no longer what was read. */
  async #fresh(): Promise<Buffer | undefined> {
    const overlap = this.#overlap.length;
    const { bytesRead } = await this.file.read(this.#chunk, 0, overlap + CHUNK_BYTES, this.offset - overlap);
    if (bytesRead < overlap || !this.#overlap.equals(this.#chunk.subarray(0, overlap))) return undefined;
    return this.#chunk.subarray(overlap, bytesRead);
  }

  #readyBytes(fresh: Buffer): number {
    const lineBytes = Math.max(fresh.lastIndexOf(LF), fresh.lastIndexOf(CR)) + 1;
    this.#midLine = lineBytes < fresh.length && (!this.wholeLines || (lineBytes === 0 && fresh.length === CHUNK_BYTES));
    if (!this.wholeLines) return fresh.length;
    return this.#midLine ? CHUNK_BYTES : lineBytes;
  }

  async #give<Position extends Readonly<Record<string, unknown>>>(
    stream: ByteStream,
    bytes: Buffer,
    positionAt: PositionAt<Position>,
  ): Promise<void> {
    const from = this.offset;
    const before = this.#overlap.length;
    this.#pass(bytes);
    await stream.bytes(bytes, (count) => positionAt(this.#placeAt(from + count, this.#chunk, before + count)));
  }

  /** `bytes` hold what stands before the place, up to `end`. */
  #placeAt(at: number, bytes: Buffer, end: number): Place {
    return { file: this.identity, at, sum: sumOf(bytes, Math.max(0, end - SUM_BYTES), end) };
  }

  #pass(bytes: Buffer): void {
    this.offset += bytes.length;
    this.#overlap = Buffer.concat([this.#overlap, bytes.subarray(-OVERLAP_BYTES)]).subarray(-OVERLAP_BYTES);
  }

  #rewind(stream: ByteStream): void {
    if (this.#midLine) stream.flush();
    this.#midLine = false;
    this.offset = 0;
    this.#overlap = Buffer.alloc(0);
    this.#maybeHole = true;
  }
}

/** FNV-1a, 32 bits. */
function sumOf(bytes: Buffer, from: number, to: number): number {
  let sum = 0x811c9dc5;
  for (let at = from; at < to; at++) sum = Math.imul(sum ^ bytes[at], 0x01000193);
  return sum >>> 0;
}

function countLeading(byte: number, bytes: Buffer): number {
  const other = bytes.findIndex((each) => each !== byte);
  return other < 0 ? bytes.length : other;
}
