/** The number of a connection: it rises with each, over restarts too, so that a consumer can tell them apart. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../src/errors/index.js';
import { writeDurably } from '../durable-file.js';

export class SessionCounter {
  readonly #path: string;
  #last: number | undefined;

  constructor(
    stateDir: string,
    private readonly nowMs: () => number,
  ) {
    this.#path = join(stateDir, 'session.json');
  }

  /** The next number, on disk before it is given out. Where it can’t be written, this throws; `current` has risen all the same. */
  async next(): Promise<number> {
    this.#last = (this.#last ?? (await this.#read())) + 1;
    await writeDurably(this.#path, `${JSON.stringify({ session: this.#last })}\n`);
    return this.#last;
  }

  /** The number given out last. */
  get current(): number {
    return this.#last ?? 0;
  }

  async #read(): Promise<number> {
    try {
      const { session } = JSON.parse(await readFile(this.#path, 'utf8'));
      if (Number.isSafeInteger(session) && session >= 0) return session;
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return 0;
    }
    // The file is damaged: the seconds since 1970 are above any number that was counted up to.
    return Math.floor(this.nowMs() / 1000);
  }
}
