/**
 * The outbox on disk: LevelDB, whose batches are written whole or not at all. After a crash of the process nothing is lost that
 * was written; after a power cut nothing that was written before the last write with `sync`.
 */
import { readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ClassicLevel as Level } from 'classic-level';
import { messageOf, SnugError } from '../../src/errors/index.js';
import { makePrivateFolder } from '../../src/files/index.js';

// As CommonJS: through the ES module loader it costs more memory.
const { ClassicLevel } = createRequire(import.meta.url)('classic-level') as typeof import('classic-level');

/** Small, for a board: the log in memory, the cache of blocks, open files. */
const SIZES = { writeBufferSize: 512 * 1024, cacheSize: 256 * 1024, maxOpenFiles: 32, maxFileSize: 1024 * 1024 };

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

export interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt: string;
}

/** What opening found. `repaired`, `replaced`: it was damaged, and what was written last may be missing. */
export type Opening = 'fine' | 'repaired' | 'replaced';

export class Store {
  #level: Level<string, string> | undefined;

  constructor(private readonly folder: string) {}

  /** Opens it, repairs it where it is damaged, and begins anew where that does not help. Throws `STATE_UNUSABLE`, `STATE_IN_USE`. */
  async open(): Promise<Opening> {
    try {
      await makePrivateFolder(this.folder);
      return await this.#openSomehow();
    } catch (cause) {
      const locked = codeOf(cause) === 'LEVEL_LOCKED';
      if (locked)
        throw new SnugError('STATE_IN_USE', `${this.folder}: another agent uses this state folder`, { cause });
      throw new SnugError('STATE_UNUSABLE', `${this.folder}: ${messageOf(innermost(cause))}`, { cause });
    }
  }

  /** Writes all changes or none. `sync`: resolves only when they are safe from a power cut, and all before them. */
  async write(changes: readonly Change[], sync: boolean): Promise<void> {
    await this.#opened.batch([...changes], { sync });
  }

  /** Opens it again after a write failed: LevelDB takes no more writes then, even where the disk has room again. */
  async reopen(): Promise<void> {
    await this.close();
    await makePrivateFolder(this.folder); // it may have been removed, or its disk come back without it
    this.#level = await this.#tryToOpen();
  }

  async get(key: string): Promise<string | undefined> {
    return await this.#opened.get(key);
  }

  /** Keys in order. */
  async keys(range: Range, limit = -1): Promise<string[]> {
    return await this.#opened.keys({ ...range, limit }).all();
  }

  /** Keys and values in order, `limit` of them at most. */
  async entries(range: Range, limit = -1): Promise<[string, string][]> {
    return await this.#opened.iterator({ ...range, limit }).all();
  }

  async close(): Promise<void> {
    const level = this.#level;
    this.#level = undefined;
    await level?.close().catch(() => undefined);
  }

  get #opened(): Level<string, string> {
    if (!this.#level) throw new Error('the outbox is not open');
    return this.#level;
  }

  async #openSomehow(): Promise<Opening> {
    try {
      this.#level = await this.#tryToOpen();
      await this.#readAll();
      return 'fine';
    } catch (error) {
      if (codeOf(error) === 'LEVEL_LOCKED' || isDiskTrouble(error)) throw error;
    }
    await this.close();
    try {
      await ClassicLevel.repair(this.folder);
      this.#level = await this.#tryToOpen();
      await this.#readAll();
      return 'repaired';
    } catch (error) {
      if (isDiskTrouble(error)) throw error;
    }
    await this.close();
    const aside = `${this.folder}.damaged`; // one is kept, to be looked at
    await rm(aside, { recursive: true, force: true });
    await rename(this.folder, aside);
    await makePrivateFolder(this.folder);
    this.#level = await this.#tryToOpen();
    return 'replaced';
  }

  async #tryToOpen(): Promise<Level<string, string>> {
    const level = new ClassicLevel<string, string>(this.folder, { ...SIZES });
    await level.open();
    return level;
  }

  /** Damage in a table is found only when it is read. */
  async #readAll(): Promise<void> {
    const keys = this.#opened.keys();
    for (let some = await keys.nextv(1000); some.length > 0; some = await keys.nextv(1000));
    await keys.close();
  }
}

/** Which boot of the machine this is: what was written before it and not synced may be lost. Undefined where unknown. */
export async function bootId(): Promise<string | undefined> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined))?.trim();
}

function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : error;
}

function codeOf(error: unknown): unknown {
  const inner = innermost(error);
  return typeof inner === 'object' && inner !== null && 'code' in inner ? inner.code : undefined;
}

/** No fault of the files: a repair would not help, and would need room on the disk itself. */
function isDiskTrouble(error: unknown): boolean {
  return /No space left|Permission denied|Read-only file system|Too many open files|Input\/output error|EACCES|ENOSPC|EROFS/.test(
    messageOf(innermost(error)),
  );
}
