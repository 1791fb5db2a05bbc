/**
 * Records that the model can't answer and messages that the broker refuses, each a file with the reason in a folder that is
 * bounded: the oldest go first, and a flood is cut off.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/errors/index.js';
import { makePrivateFolder } from '../../src/files/index.js';
import { type Clock, timestamp } from '../clock.js';
import { writeDurably } from '../durable-file.js';
import type { Log } from '../log.js';

const MOST_FILES = 200;
const MOST_BYTES = 4 * 1024 * 1024;
const LONGEST_BYTES = 64 * 1024;
/** Files that may be written in a minute: a bad stream must not wear out the card. */
const A_MINUTE = 30;

export interface DeadLetter {
  readonly what: 'record' | 'result';
  readonly source: string;
  readonly reason: string;
  readonly seq?: number;
  readonly content: unknown;
}

export class DeadLetters {
  readonly #folder: string;
  #minute = Number.NEGATIVE_INFINITY;
  #thisMinute = 0;
  #number = 0;
  #last: Promise<void> = Promise.resolve();
  /** How many there were since the start, and how many of them were not kept. */
  readonly counts = { added: 0, notKept: 0 };

  constructor(
    folder: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.#folder = folder;
  }

  add(letter: DeadLetter): void {
    this.counts.added++;
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#thisMinute = 0;
    }
    if (++this.#thisMinute > A_MINUTE) {
      this.counts.notKept++;
      return;
    }
    this.#last = this.#last
      .then(() => this.#keep(letter))
      .catch((error: unknown) => {
        this.counts.notKept++;
        this.log.warn(`a dead letter can't be kept: ${messageOf(error)}`);
      });
  }

  /** The newest first. */
  async list(limit: number): Promise<unknown[]> {
    await this.#last;
    const letters: unknown[] = [];
    for (const name of (await this.#names()).toReversed().slice(0, limit)) {
      const text = await readFile(join(this.#folder, name), 'utf8').catch(() => '');
      try {
        letters.push({ file: name, ...JSON.parse(text) });
      } catch {
        letters.push({ file: name, reason: 'the file is damaged' });
      }
    }
    return letters;
  }

  /** Resolves when all that was added is on disk. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #keep(letter: DeadLetter): Promise<void> {
    await makePrivateFolder(this.#folder);
    const at = timestamp(this.clock);
    const whole = JSON.stringify({ at, ...letter });
    const cut = { at, ...letter, content: JSON.stringify(letter.content).slice(0, LONGEST_BYTES), cut: true };
    const text = whole.length <= LONGEST_BYTES ? whole : JSON.stringify(cut);
    const name = `${at.replaceAll(':', '')}-${String(++this.#number).padStart(6, '0')}.json`;
    await writeDurably(join(this.#folder, name), `${text}\n`);
    await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    const names = await this.#names();
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(this.#folder, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    let bytes = sizes.reduce((sum, size) => sum + size, 0);
    for (let at = 0; at < names.length && (names.length - at > MOST_FILES || bytes > MOST_BYTES); at++) {
      bytes -= sizes[at];
      await rm(join(this.#folder, names[at]), { force: true });
    }
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    return names.filter((name) => name.endsWith('.json')).sort();
  }
}
