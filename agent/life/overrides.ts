/** What was set over the wire: kept in the state folder, laid over the configuration file at every start. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../src/files/index.js';
import { writeDurably } from '../durable-file.js';

export interface Kept {
  readonly set: Readonly<Record<string, unknown>>;
  /** The command that set it last, `config.set/<id>`. */
  readonly by?: string;
}

export class Overrides {
  readonly #folder: string;
  readonly #path: string;

  constructor(stateDir: string) {
    this.#folder = stateDir;
    this.#path = join(stateDir, 'config-set.json');
  }

  /** What was kept; nothing where there is no file, or one that can't be understood. */
  async read(): Promise<Kept> {
    try {
      const { set, by } = JSON.parse(await readFile(this.#path, 'utf8'));
      if (typeof set === 'object' && set !== null && !Array.isArray(set))
        return { set, ...(typeof by === 'string' && { by }) };
    } catch {
      // none yet, or damaged: the file on the board alone counts
    }
    return { set: {} };
  }

  async keep(kept: Kept): Promise<void> {
    await makePrivateFolder(this.#folder);
    await writeDurably(this.#path, `${JSON.stringify(kept)}\n`);
  }
}
