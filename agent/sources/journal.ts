/**
 * The systemd journal, followed by `journalctl`: from its end at first, then from the cursor behind the last entry kept. An
 * entry's MESSAGE is the text; unit, identifier, priority and the like are fields.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { messageOf, SnugError } from '../../src/errors/index.js';
import { LineFramer } from '../framing/line.js';
import { entryOf } from './journal-entry.js';
import { Retry } from './retry.js';
import type { ReadPosition, Source, SourceSink } from './source.js';

/** Longer entries are cut in the middle of their JSON, and so left out. */
const LONGEST_ENTRY_BYTES = 4 * 1024 * 1024;
const ASK_MS = 10_000;

export interface JournalOptions {
  readonly units?: readonly string[];
  readonly directory?: string;
  readonly namespace?: string;
}

export class JournalSource implements Source {
  readonly kind = 'journal';
  readonly canWait = true;
  readonly readsAgain = true;
  readonly #retry = new Retry();
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #cursor: string | undefined;
  /** An empty journal has no cursor: all that it gets is read. */
  #begunEmpty = false;

  constructor(
    readonly name: string,
    private readonly options: JournalOptions,
  ) {}

  async start(sink: SourceSink, from?: ReadPosition): Promise<void> {
    try {
      if (typeof from?.cursor === 'string') await this.#resume(from.cursor, sink);
      else await this.#beginAtEnd(sink);
    } catch (error) {
      if (error instanceof SnugError) throw error;
      sink.lost(messageOf(error));
      this.#again(sink);
      return;
    }
    this.#follow(sink);
  }

  async stop(): Promise<void> {
    this.#retry.end();
    this.#child?.kill();
    await this.#gone;
  }

  async #resume(cursor: string, sink: SourceSink): Promise<void> {
    this.#cursor = cursor;
    // A cursor that is gone stands for the nearest place: journalctl itself doesn't say so.
    if ((await this.#cursorOf(['--cursor', cursor])) !== cursor)
      sink.missed('what stood behind the entry read last: the journal does not have that entry any more');
  }

  async #beginAtEnd(sink: SourceSink): Promise<void> {
    this.#cursor = await this.#cursorOf([]);
    if (this.#cursor === undefined) this.#begunEmpty = true;
    else sink.at({ cursor: this.#cursor });
  }

  /** The cursor of one entry; undefined where there is none. */
  async #cursorOf(which: readonly string[]): Promise<string | undefined> {
    const output = await new Promise<string>((resolve, reject) => {
      const args = [...this.#where(), ...which, '-n', '1', '-o', 'json', '--output-fields=_BOOT_ID'];
      execFile('journalctl', [...args, '--no-pager', '-q'], { timeout: ASK_MS }, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error.code === 'ENOENT' ? missing(error) : error);
      });
    });
    return entryOf(Buffer.from(output.split('\n')[0]))?.cursor;
  }

  #where(): string[] {
    const { directory, namespace } = this.options;
    return [
      ...(directory === undefined ? [] : [`--directory=${directory}`]),
      ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ];
  }

  #follow(sink: SourceSink): void {
    if (this.#retry.ended) return;
    const units = (this.options.units ?? []).map((unit) => `--unit=${unit}`);
    const behind = this.#cursor === undefined ? [] : [`--after-cursor=${this.#cursor}`];
    const place = [...behind, '-n', this.#cursor === undefined && !this.#begunEmpty ? '0' : 'all'];
    const args = ['-f', '-o', 'json', '--all', '-q', '--no-pager', ...this.#where(), ...units, ...place];
    const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const framer = new LineFramer(LONGEST_ENTRY_BYTES);
    let why: string | undefined;
    child.once('error', (error) => {
      why = messageOf(error);
    });
    child.once('spawn', () => sink.back());
    child.stderr.on('data', (chunk: Buffer) => {
      why = chunk.toString('utf8', 0, 300).trim();
    });
    this.#gone = this.#read(child, framer, sink).then(() => {
      if (this.#retry.ended) return;
      sink.lost(why ?? 'journalctl ended');
      this.#again(sink);
    });
  }

  async #read({ stdout }: ChildProcess, framer: LineFramer, sink: SourceSink): Promise<void> {
    if (stdout === null) return;
    try {
      for await (const chunk of stdout as AsyncIterable<Buffer>) {
        framer.push(chunk);
        for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
          const entry = entryOf(frame.bytes);
          if (entry === undefined || this.#retry.ended) continue;
          this.#retry.worked();
          this.#cursor = entry.cursor;
          const position = { cursor: entry.cursor };
          if (entry.fields.pid === String(process.pid)) continue; // what we log ourselves
          await sink.message({ body: entry.body, fields: entry.fields, position });
        }
      }
    } catch {
      // the pipe broke: its process has ended
    }
  }

  #again(sink: SourceSink): void {
    this.#retry.later(() => this.#follow(sink));
  }
}

function missing(cause: Error): SnugError {
  return new SnugError('SOURCE_UNREADABLE', 'there is no journalctl on this machine', {
    cause,
    remedy: 'A source of kind journal needs systemd; follow the log file instead.',
  });
}
