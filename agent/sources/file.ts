/** A regular file, once, to its end. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, SnugError } from '../../src/errors/index.js';
import type { Source, SourceSink } from './source.js';

const CHUNK_BYTES = 64 * 1024;

export class FileSource implements Source {
  readonly kind = 'file';
  readonly canWait = true;
  #stopping = false;
  #reading: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly path: string,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    const file = await openRegularFile(this.path);
    this.#reading = this.#read(file, sink);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#reading;
  }

  async #read(file: FileHandle, sink: SourceSink): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let problem: SnugError | undefined;
    try {
      while (!this.#stopping) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
        if (bytesRead === 0) break;
        await sink.bytes(chunk.subarray(0, bytesRead));
      }
    } catch (error) {
      problem = new SnugError('SOURCE_FAILED', `${this.path}: ${messageOf(error)}`, { cause: error });
    }
    await file.close();
    sink.flush();
    sink.ended(problem);
  }
}

async function openRegularFile(path: string): Promise<FileHandle> {
  let folder: boolean;
  try {
    // Asked before it is opened: opening a named pipe would wait for its writer.
    const found = await stat(path);
    if (found.isFile()) return await open(path);
    folder = found.isDirectory();
  } catch (error) {
    throw new SnugError('SOURCE_UNREADABLE', messageOf(error), { cause: error });
  }
  if (folder) throw new SnugError('SOURCE_UNREADABLE', `${path} is a folder`, { remedy: 'Name a file in it.' });
  throw new SnugError('SOURCE_UNREADABLE', `${path} is not a regular file`, {
    remedy: `Give it to standard input instead: snug run … < ${path}`,
  });
}
