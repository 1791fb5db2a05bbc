/**
 * A file that grows, followed by name as `tail -F` does: from its end, over rotation (a new file takes the name, and what is
 * still written to the old one is read too), truncation, and times when there is no such file. After a restart it is read on
 * where it was read up to, in the rotated files first.
 */
import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf, systemCodeOf } from '../../src/errors/index.js';
import { GrowingFile, type Place } from './growing-file.js';
import { placeOf } from './place.js';
import { noRegularFile } from './regular-file.js';
import { filesSince } from './rotated.js';
import type { ByteStream, ReadPosition, Source, SourceSink } from './source.js';

/** How often the file is looked at where no notice of a change comes: network file systems give none. */
const POLL_MS = 250;
/** Shortest time between two looks: a busy writer causes a notice with every line. */
const REST_MS = 20;
/** A name that is gone for less is a rotation under way, not a loss. */
const GONE_MS = 1000;
/** A rotated file that was quiet for so long is finished: its writer has moved on. */
const QUIET_MS = 5000;

interface OpenFile {
  readonly file: GrowingFile;
  readonly stream: ByteStream & { close(): void };
  /** Since when a rotated one is quiet. */
  quietSinceMs: number;
}

export interface FollowOptions {
  /** False where a record does not end with a line. */
  readonly wholeLines?: boolean;
  readonly now?: () => number;
}

export class FollowSource implements Source {
  readonly kind = 'follow';
  readonly canWait = true;
  readonly readsAgain = true;
  readonly #path: string;
  readonly #now: () => number;
  #current: OpenFile | undefined;
  #old: OpenFile[] = [];
  /** Where reading goes on in files whose handles have gone bad, until they are open again. */
  #unread: Place[] | undefined;
  #goneSinceMs: number | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookedAtMs = 0;
  #noticed = false;
  /** When the name was last found to be the open file's; whether a file has been made, moved or removed since. */
  #namedAtMs = Number.NEGATIVE_INFINITY;
  #renamed = false;
  #stopping = false;

  constructor(
    readonly name: string,
    path: string,
    private readonly options: FollowOptions = {},
  ) {
    this.#path = resolve(path);
    this.#now = options.now ?? (() => performance.now());
  }

  async start(sink: SourceSink, from?: ReadPosition): Promise<void> {
    const there = await stat(this.#path).catch(() => undefined);
    if (there?.isFile() === false) throw noRegularFile(this.#path, there);
    try {
      if (Array.isArray(from?.files)) await this.#resume(from.files, sink);
      else await this.#openCurrent('end', sink);
    } catch (error) {
      sink.lost(messageOf(error));
    }
    sink.at(this.#position());
    this.#look(sink);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#looking;
    await this.#close();
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#old = [];
    this.#current = undefined;
    for (const { file, stream } of open) {
      await file.close().catch(() => undefined); // of a handle that has gone bad
      if (!this.#stopping) stream.close();
    }
  }

  /** Opens what was read before, and what took its name since then, each where reading goes on. */
  async #resume(files: readonly unknown[], sink: SourceSink): Promise<void> {
    const places = files.flatMap((each) => placeOf(each) ?? []);
    const { found, missing } = await filesSince(places, this.#path);
    if (missing !== undefined) sink.missed(missing);
    for (const { path, place, isCurrent } of found) {
      const handle = await open(path);
      const resumed = await GrowingFile.at(place, handle, this.options);
      if (resumed === undefined) sink.missed(`what was written to ${path} before it was truncated, if anything`);
      const file = resumed ?? (await GrowingFile.at('start', handle, this.options));
      if (file === undefined) continue;
      const opened = { file, stream: sink.open(), quietSinceMs: this.#now() };
      if (isCurrent) this.#current = opened;
      else this.#old.push(opened);
    }
  }

  /** Looks now, and again in a while. */
  #look(sink: SourceSink): void {
    clearTimeout(this.#timer);
    this.#noticed = false;
    this.#looking = this.#readAll(sink)
      .catch((error: unknown) => sink.lost(messageOf(error)))
      .finally(() => {
        this.#looking = undefined;
        this.#lookedAtMs = this.#now();
        if (!this.#stopping) this.#timer = setTimeout(() => this.#look(sink), this.#noticed ? REST_MS : POLL_MS);
      });
  }

  /** The file system says that something changed. */
  #notice(sink: SourceSink): void {
    if (this.#noticed || this.#stopping) return;
    this.#noticed = true;
    if (this.#looking !== undefined) return; // the next look will be soon
    clearTimeout(this.#timer);
    const restMs = this.#lookedAtMs + REST_MS - this.#now();
    if (restMs <= 0) this.#look(sink);
    else this.#timer = setTimeout(() => this.#look(sink), restMs);
  }

  async #readAll(sink: SourceSink): Promise<void> {
    this.#watch(sink);
    if (this.#unread !== undefined) await this.#reopen(this.#unread, sink);
    const before = this.#current;
    try {
      await this.#readOld();
      if (before !== undefined) await this.#read(before);
    } catch (error) {
      this.#unread = this.#position().files;
      throw error;
    }
    if (this.#stopping || this.#isNameKnown() || !(await this.#nameIsThere(sink))) return;
    sink.back();
    if (this.#current === undefined || this.#current === before) return;
    // What came to the old file between its reading and the look at the name stands before all of the new one.
    if (before !== undefined) await this.#read(before);
    await this.#read(this.#current);
  }

  /** A handle can go bad for good, as one of a network file system does when it is stale: all are opened anew, as after a restart. */
  async #reopen(places: readonly Place[], sink: SourceSink): Promise<void> {
    await this.#close();
    await this.#resume(places, sink);
    this.#unread = undefined;
  }

  /** Whether the name was looked up a moment ago, and no notice said that it may be another file's since. */
  #isNameKnown(): boolean {
    return !this.#renamed && this.#now() - this.#namedAtMs < POLL_MS;
  }

  /** Opens the file that has the name now, if it is another one; false where there is none. */
  async #nameIsThere(sink: SourceSink): Promise<boolean> {
    this.#renamed = false;
    this.#namedAtMs = Number.NEGATIVE_INFINITY;
    try {
      const there = await stat(this.#path);
      if (!there.isFile()) throw noRegularFile(this.#path, there);
      const { dev, ino } = there;
      this.#namedAtMs = this.#now();
      this.#goneSinceMs = undefined;
      if (this.#current?.file.identity !== `${dev}:${ino}`) await this.#openCurrent('start', sink);
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      this.#goneSinceMs ??= this.#now();
      if (this.#now() - this.#goneSinceMs >= GONE_MS) sink.lost(`there is no ${this.#path}`);
      return false;
    }
  }

  async #openCurrent(place: 'start' | 'end', sink: SourceSink): Promise<void> {
    const file = await GrowingFile.at(place, await open(this.#path), this.options);
    if (file === undefined) return;
    if (this.#current !== undefined) this.#old.push({ ...this.#current, quietSinceMs: this.#now() });
    const known = this.#old.findIndex((each) => each.file.identity === file.identity);
    if (known < 0) {
      this.#current = { file, stream: sink.open(), quietSinceMs: 0 };
      return;
    }
    // A file that got its name back was read already.
    await file.close();
    this.#current = this.#old.splice(known, 1)[0];
  }

  async #readOld(): Promise<void> {
    for (const old of this.#old) {
      if ((await this.#read(old)) > 0) old.quietSinceMs = this.#now();
      if (this.#stopping || this.#now() - old.quietSinceMs < QUIET_MS) continue;
      await old.file.readRest(old.stream, (place) => this.#position(place));
      await old.file.close();
      old.stream.close();
      this.#old = this.#old.filter((each) => each !== old);
    }
  }

  #read({ file, stream }: OpenFile): Promise<number> {
    return file.read(
      stream,
      () => !this.#stopping,
      (place) => this.#position(place),
    );
  }

  /** All open files, the one that has the name last. */
  get #open(): readonly OpenFile[] {
    return this.#current === undefined ? this.#old : [...this.#old, this.#current];
  }

  /** Where reading goes on in each open file, the one read now behind `place`. */
  #position(place?: Place): { files: Place[] } {
    return { files: this.#open.map(({ file }) => (place?.file === file.identity ? place : file.place)) };
  }

  /** Asks the folder for notices, which come for the name whatever file has it. Polling does without them. */
  #watch(sink: SourceSink): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(dirname(this.#path), (event, name) => {
        if (name !== null && name !== basename(this.#path)) return;
        if (event === 'rename') this.#renamed = true;
        this.#notice(sink);
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
