/** One open file that grows: gives the whole lines that were added since the last time, and notices truncation. */
import type { FileHandle } from 'node:fs/promises';
import type { SourceSink } from './source.js';

const CHUNK_BYTES = 64 * 1024;
/** Bytes before the read position that must still be the same, or the file was rewritten meanwhile. */
const OVERLAP_BYTES = 64;
const LF = 0x0a;
const CR = 0x0d;

export class GrowingFile {
  /** True while what was given ends within a line: one that is longer than a chunk. */
  midLine = false;
  readonly #chunk = Buffer.allocUnsafe(OVERLAP_BYTES + CHUNK_BYTES);
  #overlap: Buffer = Buffer.alloc(0);
  /** After truncation, a writer that doesn't append goes on at its old place and leaves a hole of NULs. */
  #maybeHole = false;

  private constructor(
    private readonly file: FileHandle,
    /** Device and inode: what the file is, whatever it is called by now. */
    readonly identity: string,
    private offset: number,
  ) {}

  /** Takes over an open file, to read on from its start or its end. */
  static async at(place: 'start' | 'end', file: FileHandle): Promise<GrowingFile> {
    const { dev, ino, size } = await file.stat();
    const growing = new GrowingFile(file, `${dev}:${ino}`, place === 'end' ? size : 0);
    const overlap = Math.min(OVERLAP_BYTES, growing.offset);
    const { bytesRead } = await file.read(growing.#chunk, 0, overlap, growing.offset - overlap);
    growing.#overlap = Buffer.from(growing.#chunk.subarray(0, bytesRead));
    return growing;
  }

  /**
   * Gives whole lines until there is no other or `going` says no; resolves to how many bytes it gave. What stands behind the
   * last line's end stays unread until its line is whole.
   */
  async readLines(sink: Pick<SourceSink, 'bytes' | 'flush'>, going: () => boolean): Promise<number> {
    let given = 0;
    while (going()) {
      const fresh = await this.#read();
      if (fresh === undefined) {
        this.#rewind(sink);
        continue;
      }
      const hole = this.#maybeHole ? countLeading(0, fresh) : 0;
      if (hole > 0) {
        this.#pass(fresh.subarray(0, hole));
        continue;
      }
      const lineBytes = Math.max(fresh.lastIndexOf(LF), fresh.lastIndexOf(CR)) + 1;
      const bytes = lineBytes === 0 && fresh.length === CHUNK_BYTES ? CHUNK_BYTES : lineBytes;
      if (bytes === 0) break;
      this.midLine = lineBytes === 0;
      this.#maybeHole = false;
      this.#pass(fresh.subarray(0, bytes));
      given += bytes;
      await sink.bytes(fresh.subarray(0, bytes));
    }
    return given;
  }

  /** Gives what stands behind the last whole line as a line; for a file that is finished. */
  async readRest(sink: Pick<SourceSink, 'bytes' | 'flush'>): Promise<void> {
    const rest = await this.#read();
    if (rest !== undefined && rest.length > 0) await sink.bytes(rest);
    sink.flush();
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** The bytes behind the read position; undefined where those before it are no longer what was read. */
  async #read(): Promise<Buffer | undefined> {
    const overlap = this.#overlap.length;
    const { bytesRead } = await this.file.read(this.#chunk, 0, overlap + CHUNK_BYTES, this.offset - overlap);
    if (bytesRead < overlap || !this.#overlap.equals(this.#chunk.subarray(0, overlap))) return undefined;
    return this.#chunk.subarray(overlap, bytesRead);
  }

  #pass(bytes: Buffer): void {
    this.offset += bytes.length;
    this.#overlap = Buffer.concat([this.#overlap, bytes.subarray(-OVERLAP_BYTES)]).subarray(-OVERLAP_BYTES);
  }

  #rewind(sink: Pick<SourceSink, 'flush'>): void {
    if (this.midLine) sink.flush();
    this.midLine = false;
    this.offset = 0;
    this.#overlap = Buffer.alloc(0);
    this.#maybeHole = true;
  }
}

function countLeading(byte: number, bytes: Buffer): number {
  const other = bytes.findIndex((each) => each !== byte);
  return other < 0 ? bytes.length : other;
}
