/**
 * The truth about commands: an append-only file in the state folder, a JSON line a step, synced before the step is taken.
 * After a crash at any moment it tells which commands were begun, so that none runs twice and none is left without an end.
 *
 * A line that a crash has torn is skipped. Ended commands are forgotten when the requester clears them, after a thousand
 * others, or after seven days.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../../src/errors/index.js';
import { type CommandOutcome, isFinal } from '../../src/protocol/index.js';
import { syncFolder, writeDurably } from '../durable-file.js';

const ENDED_KEPT = 1000;
/** The newest are kept however old they look: a clock that is set a year ahead makes no command a new one. */
const AGELESS = 100;
const KEPT_MS = 7 * 24 * 3600 * 1000;
/** The file is written anew when it has so many lines more than commands. */
const SPARE_LINES = 4 * ENDED_KEPT;

/** One command as the journal knows it. */
export interface JournalEntry {
  readonly operation: string;
  readonly id: string;
  /** When it was begun, in ms since 1970. */
  readonly begunMs: number;
  /** The requester's own fields, which every state repeats; left out where they were long. */
  readonly fields?: Record<string, unknown>;
  /** Where the requester wants the end told too; correlation data in base64. */
  readonly reply?: { readonly topic: string; readonly correlation?: string };
  /** How it ended; undefined while it runs. */
  readonly outcome?: CommandOutcome;
  /** True once the broker has its end. */
  readonly told?: true;
}

type Line = { key: string; cleared?: true } & Partial<JournalEntry>;

export class Journal {
  readonly #path: string;
  readonly #folder: string;
  readonly #entries = new Map<string, JournalEntry>();
  #file: FileHandle | undefined;
  #lines = 0;
  #closed = false;
  /** The last write; writes take turns. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    stateDir: string,
    private readonly nowMs: () => number,
  ) {
    this.#folder = stateDir;
    this.#path = join(stateDir, 'commands.jsonl');
  }

  static key(operation: string, id: string): string {
    return `${operation}/${id}`;
  }

  /** Reads what was written before. Throws `STATE_UNUSABLE`. Returns how many lines were damaged. */
  async open(): Promise<number> {
    try {
      const damaged = await this.#read();
      this.#forget();
      if (damaged > 0 || this.#lines > this.#entries.size + SPARE_LINES) await this.#rewrite();
      await this.#openFile();
      return damaged;
    } catch (cause) {
      throw new SnugError('STATE_UNUSABLE', `${this.#path}: ${messageOf(cause)}`, { cause });
    }
  }

  find(operation: string, id: string): JournalEntry | undefined {
    return this.#entries.get(Journal.key(operation, id));
  }

  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()];
  }

  /** A command is about to run. Rejects where that can't be kept: then it must not run. */
  async begin(entry: JournalEntry): Promise<void> {
    const key = Journal.key(entry.operation, entry.id);
    await this.#append({ key, ...entry }, true);
    this.#entries.set(key, entry);
  }

  /** A command has ended. The end is known from now on even where writing it fails; then this rejects. */
  async end(entry: JournalEntry, outcome: CommandOutcome): Promise<JournalEntry> {
    const key = Journal.key(entry.operation, entry.id);
    const ended = { ...entry, outcome };
    this.#entries.set(key, ended);
    this.#forget();
    await this.#append({ key, outcome }, true);
    return ended;
  }

  /** The broker has the command's end. Not synced: at worst it is told once more. */
  async told(entry: JournalEntry): Promise<void> {
    const key = Journal.key(entry.operation, entry.id);
    const known = this.#entries.get(key);
    if (!known || known.told || this.#closed) return;
    this.#entries.set(key, { ...known, told: true });
    await this.#append({ key, told: true }, false);
    if (this.#lines > this.#entries.size + SPARE_LINES) await this.#inTurn(() => this.#compact());
  }

  /** The requester has cleared an ended command: its id is free again. Not synced: at worst it stays taken. */
  async forget(operation: string, id: string): Promise<void> {
    const key = Journal.key(operation, id);
    if (this.#entries.get(key)?.outcome === undefined) return;
    this.#entries.delete(key);
    await this.#append({ key, cleared: true }, false);
  }

  /** Writes nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#inTurn(() => this.#closeFile());
  }

  async #read(): Promise<number> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return 0;
      throw error;
    }
    const lines = text.split('\n');
    const torn = lines.pop() !== ''; // no newline at the end: the last write was cut off
    this.#lines = lines.length;
    const damaged = lines.filter((line) => !this.#take(line)).length;
    return damaged + (torn ? 1 : 0);
  }

  #take(text: string): boolean {
    let line: Line;
    try {
      line = JSON.parse(text);
    } catch {
      return false;
    }
    if (typeof line !== 'object' || line === null || typeof line.key !== 'string') return false;
    const { key, cleared, ...fields } = line;
    if (cleared) {
      this.#entries.delete(key);
      return true;
    }
    const entry = { ...this.#entries.get(key), ...fields };
    if (!isEntry(entry)) return false;
    this.#entries.set(key, entry);
    return true;
  }

  /** Forgets the oldest ended commands beyond the bounds; one that runs is never forgotten. */
  #forget(): void {
    const oldestMs = this.nowMs() - KEPT_MS;
    const ended = [...this.#entries].filter(([, { outcome }]) => outcome !== undefined);
    let surplus = ended.length - ENDED_KEPT;
    for (const [key, { begunMs }] of ended.slice(0, Math.max(0, ended.length - AGELESS))) {
      if (surplus-- > 0 || begunMs < oldestMs) this.#entries.delete(key);
    }
  }

  async #closeFile(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #compact(): Promise<void> {
    await this.#closeFile();
    await this.#rewrite();
    await this.#openFile();
  }

  async #rewrite(): Promise<void> {
    const lines = [...this.#entries].map(([key, entry]) => `${JSON.stringify({ key, ...entry })}\n`);
    await writeDurably(this.#path, lines.join(''));
    this.#lines = lines.length;
  }

  async #openFile(): Promise<void> {
    this.#file = await open(this.#path, 'a', 0o600);
    await syncFolder(this.#folder);
  }

  #append(line: Line, sync: boolean): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'));
    return this.#inTurn(async () => {
      if (!this.#file) await this.#openFile();
      await this.#file?.appendFile(`${JSON.stringify(line)}\n`);
      if (sync) await this.#file?.datasync();
      this.#lines++;
    });
  }

  #inTurn<Result>(write: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(write);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function isEntry(value: Partial<JournalEntry>): value is JournalEntry {
  const { operation, id, begunMs, outcome } = value;
  return (
    typeof operation === 'string' &&
    typeof id === 'string' &&
    typeof begunMs === 'number' &&
    (outcome === undefined || isFinal(String(outcome.status)))
  );
}
