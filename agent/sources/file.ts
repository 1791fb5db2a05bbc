/** A regular file, once, to its end. After a restart it is read on where it was read up to. */
import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, SnugError, systemCodeOf } from '../../src/errors/index.js';
import { GrowingFile, type Place } from './growing-file.js';
import { placeOf } from './place.js';
import { noRegularFile } from './regular-file.js';
import type { ReadPosition, Source, SourceSink } from './source.js';

export class FileSource implements Source {
  readonly kind = 'file';
  readonly canWait = true;
  readonly readsAgain = true;
  #stopping = false;
  #reading: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly options: { readonly wholeLines?: boolean } = {},
  ) {}

  async start(sink: SourceSink, from?: ReadPosition): Promise<void> {
    const handle = await openRegularFile(this.path);
    const place = placeOf(from);
    const resumed = place && (await GrowingFile.at(place, handle, this.options));
    if (place !== undefined && resumed === undefined)
      sink.missed(`nothing of ${this.path}: it is another file now, read anew`);
    const file = resumed ?? (await GrowingFile.at('start', handle, this.options));
    if (file !== undefined) this.#reading = this.#read(file, sink);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#reading;
  }

  async #read(file: GrowingFile, sink: SourceSink): Promise<void> {
    let problem: SnugError | undefined;
    const positionAt = (place: Place) => ({ ...place });
    try {
      await file.read(sink, () => !this.#stopping, positionAt);
      if (!this.#stopping) await file.readRest(sink, positionAt);
    } catch (error) {
      problem = new SnugError('SOURCE_FAILED', `${this.path}: ${messageOf(error)}`, { cause: error });
    }
    await file.close();
    sink.flush();
    sink.ended(problem);
  }
}

async function openRegularFile(path: string): Promise<FileHandle> {
  let there: Stats;
  try {
    // Asked before it is opened: opening a named pipe would wait for its writer.
    there = await stat(path);
    if (there.isFile()) return await open(path);
  } catch (error) {
    const what = systemCodeOf(error) === 'ENOENT' ? `no such file: ${path}` : messageOf(error);
    throw new SnugError('SOURCE_UNREADABLE', what, { cause: error });
  }
  throw noRegularFile(path, there, `Give it to standard input instead: snug run … < ${path}`);
}
