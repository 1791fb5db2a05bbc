/**
 * Starts that came to nothing, one after the other: counted on disk before anything is tried. After three of them the agent is
 * started with the last configuration that ran well, and with a smaller profile. A configuration file that was changed since is
 * a new try.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../src/files/index.js';
import { writeDurably } from '../durable-file.js';

const FAILED_STARTS = 3;
/** A run that lasted so long was a good one. */
export const GOOD_AFTER_MS = 20_000;

/** What a good run was configured with. */
export interface Good {
  /** The configuration file's text. */
  readonly text: string;
  readonly set: Readonly<Record<string, unknown>>;
}

interface Counted {
  readonly failed: number;
  /** What names the configuration file's text. */
  readonly file?: string;
  /** Why the last one failed. */
  readonly problem?: string;
}

const LONGEST_PROBLEM = 500;

export class Starts {
  readonly #folder: string;
  #failed = 0;
  #file = '';
  #problem: string | undefined;
  #good: Good | undefined;

  constructor(stateDir: string) {
    this.#folder = stateDir;
  }

  /**
   * Counts this start, with this text of the configuration file, as failed until it is said to be good. Gives how many before it
   * failed, one after the other. Rejects where that can't be kept.
   */
  async begin(text: string): Promise<number> {
    const { failed, file, problem } = await read<Counted>(this.#path('starts.json'), { failed: 0 });
    this.#good = await read<Good | undefined>(this.#path('last-good.json'), undefined);
    this.#file = createHash('sha256').update(text).digest('hex').slice(0, 16);
    if ((file ?? this.#file) === this.#file && Number.isSafeInteger(failed) && failed >= 0) {
      this.#failed = failed;
      this.#problem = typeof problem === 'string' ? problem : undefined;
    }
    await makePrivateFolder(this.#folder);
    await this.#write(this.#failed + 1, this.#problem);
    return this.#failed;
  }

  /** Keeps why this start failed, for the next one to tell. A run that was a good one before counts no longer. */
  async cameToNothing(problem: string): Promise<void> {
    if (this.#failed !== -1) await this.#write(this.#failed + 1, problem.slice(0, LONGEST_PROBLEM));
  }

  /** This start was none of the agent's own: another one runs. */
  async takeBack(): Promise<void> {
    await this.#write(this.#failed, this.#problem);
  }

  /** Why the start before failed, where that was told. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** True where too many starts have failed. */
  get looping(): boolean {
    return this.#failed >= FAILED_STARTS;
  }

  /** What ran well last; undefined where nothing did yet. */
  get good(): Good | undefined {
    return typeof this.#good?.text === 'string' && typeof this.#good.set === 'object' ? this.#good : undefined;
  }

  /** The agent has run for a while, or was ended in order. */
  async wentWell(good?: Good): Promise<void> {
    if (this.#failed !== -1) await this.#write(0);
    this.#failed = -1; // written once
    if (!good || (good.text === this.#good?.text && JSON.stringify(good.set) === JSON.stringify(this.#good?.set)))
      return;
    this.#good = good;
    await writeDurably(this.#path('last-good.json'), `${JSON.stringify(good)}\n`);
  }

  #write(failed: number, problem?: string): Promise<void> {
    const counted: Counted = { failed, file: this.#file, ...(problem !== undefined && { problem }) };
    return writeDurably(this.#path('starts.json'), `${JSON.stringify(counted)}\n`);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

async function read<T>(path: string, otherwise: T): Promise<T> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}
