/**
 * A file that grows, followed by name as `tail -F` does: from its end, over rotation (a new file takes the name, and what is
 * still written to the old one is read too), truncation, and times when there is no such file.
 */
import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../../src/errors/index.js';
import { GrowingFile } from './growing-file.js';
import type { Source, SourceSink } from './source.js';

/** How often the file is looked at where no notice of a change comes: network file systems give none. */
const POLL_MS = 250;
/** Shortest time between two looks: a busy writer causes a notice with every line. */
const REST_MS = 20;
/** A name that is gone for less is a rotation under way, not a loss. */
const GONE_MS = 1000;
/** A rotated file that was quiet for so long is finished: its writer has moved on. */
const QUIET_MS = 5000;

interface OldFile {
  readonly file: GrowingFile;
  quietSinceMs: number;
}

export class FollowSource implements Source {
  readonly kind = 'follow';
  readonly canWait = true;
  readonly #path: string;
  #current: GrowingFile | undefined;
  #old: OldFile[] = [];
  /** The file that gave the last bytes. */
  #last: GrowingFile | undefined;
  #goneSinceMs: number | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookedAtMs = 0;
  #noticed = false;
  #stopping = false;

  constructor(
    readonly name: string,
    path: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#path = resolve(path);
  }

  async start(sink: SourceSink): Promise<void> {
    const there = await stat(this.#path).catch(() => undefined);
    if (there !== undefined && !there.isFile())
      throw new SnugError(
        'SOURCE_UNREADABLE',
        `${this.#path} is ${there.isDirectory() ? 'a folder' : 'not a regular file'}`,
      );
    try {
      await this.#open('end');
    } catch (error) {
      sink.lost(messageOf(error));
    }
    this.#look(sink);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#looking;
    for (const { file } of this.#old) await file.close();
    await this.#current?.close();
    this.#old = [];
    this.#current = undefined;
  }

  /** Looks now, and again in a while. */
  #look(sink: SourceSink): void {
    clearTimeout(this.#timer);
    this.#noticed = false;
    this.#looking = this.#readAll(sink)
      .catch((error: unknown) => sink.lost(messageOf(error)))
      .finally(() => {
        this.#looking = undefined;
        this.#lookedAtMs = this.now();
        if (!this.#stopping) this.#timer = setTimeout(() => this.#look(sink), this.#noticed ? REST_MS : POLL_MS);
      });
  }

  /** The file system says that something changed. */
  #notice(sink: SourceSink): void {
    if (this.#noticed || this.#stopping) return;
    this.#noticed = true;
    if (this.#looking !== undefined) return; // the next look will be soon
    clearTimeout(this.#timer);
    const restMs = this.#lookedAtMs + REST_MS - this.now();
    if (restMs <= 0) this.#look(sink);
    else this.#timer = setTimeout(() => this.#look(sink), restMs);
  }

  async #readAll(sink: SourceSink): Promise<void> {
    this.#watch(sink);
    await this.#readOld(sink);
    if (this.#current !== undefined) await this.#read(this.#current, sink);
    if (this.#stopping || !(await this.#nameIsThere(sink))) return;
    sink.back();
    if (this.#current !== undefined) await this.#read(this.#current, sink);
  }

  /** Opens the file that has the name now, if it is another one; false where there is none. */
  async #nameIsThere(sink: SourceSink): Promise<boolean> {
    try {
      const { dev, ino } = await stat(this.#path);
      this.#goneSinceMs = undefined;
      if (this.#current?.identity !== `${dev}:${ino}`) await this.#open('start');
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      this.#goneSinceMs ??= this.now();
      if (this.now() - this.#goneSinceMs >= GONE_MS) sink.lost(`there is no ${this.#path}`);
      return false;
    }
  }

  async #open(place: 'start' | 'end'): Promise<void> {
    const opened = await GrowingFile.at(place, await open(this.#path));
    if (this.#current !== undefined) this.#old.push({ file: this.#current, quietSinceMs: this.now() });
    const known = this.#old.findIndex(({ file }) => file.identity === opened.identity);
    if (known < 0) {
      this.#current = opened;
      return;
    }
    // A file that got its name back was read already.
    await opened.close();
    this.#current = this.#old.splice(known, 1)[0].file;
  }

  async #readOld(sink: SourceSink): Promise<void> {
    for (const old of this.#old) {
      if ((await this.#read(old.file, sink)) > 0) old.quietSinceMs = this.now();
      if (this.#stopping || this.now() - old.quietSinceMs < QUIET_MS) continue;
      this.#switchTo(old.file, sink);
      await old.file.readRest(sink);
      await old.file.close();
      this.#old = this.#old.filter((each) => each !== old);
    }
  }

  async #read(file: GrowingFile, sink: SourceSink): Promise<number> {
    this.#switchTo(file, sink);
    return await file.readLines(sink, () => !this.#stopping);
  }

  /** Keeps a line that one file has begun apart from the next file's lines. */
  #switchTo(file: GrowingFile, sink: SourceSink): void {
    if (this.#last !== file && this.#last?.midLine) sink.flush();
    this.#last = file;
  }

  /** Asks the folder for notices, which come for the name whatever file has it. Polling does without them. */
  #watch(sink: SourceSink): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(dirname(this.#path), (_, name) => {
        if (name === null || name === basename(this.#path)) this.#notice(sink);
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch {
      // no such folder yet, or no notices left to give: the next look tries again
    }
  }
}
