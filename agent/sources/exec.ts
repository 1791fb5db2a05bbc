/**
 * What a program writes to its standard output. It is started again when it ends. Only the configuration file on the device may
 * name one: see `localKinds` in options.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { messageOf } from '../../src/errors/index.js';
import { Retry } from './retry.js';
import type { Source, SourceSink } from './source.js';

const LONGEST_PAUSE_MS = 60_000;
/** A program that ran for so long did its work: it is started again soon. */
const WORKED_MS = 10_000;
/** Between asking a program to end and ending it. */
const GRACE_MS = 1000;
/** What a program said last on stderr, to tell why it ended. */
const LAST_WORDS_BYTES = 200;

export interface ExecOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
}

export class ExecSource implements Source {
  readonly kind = 'exec';
  readonly canWait = true;
  readonly readsAgain = false;
  readonly #retry = new Retry(LONGEST_PAUSE_MS, 1000);
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly options: ExecOptions,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    this.#run(sink);
  }

  async stop(): Promise<void> {
    this.#retry.end();
    const child = this.#child;
    if (child === undefined) return;
    signalGroup(child, 'SIGTERM');
    const late = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
    await this.#gone;
    clearTimeout(late);
  }

  #run(sink: SourceSink): void {
    const [program, ...args] = this.options.command;
    const startedMs = performance.now();
    // A group of its own: a shell's children are ended with it.
    const child = spawn(program, args, {
      cwd: this.options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    running.add(child);
    if (running.size === 1) process.on('exit', endAll);
    let words = '';
    let why: string | undefined;
    child.once('spawn', () => sink.back());
    child.once('error', (error) => {
      why = messageOf(error);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('latin1')).slice(-LAST_WORDS_BYTES);
    });
    let taken: Promise<void> | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      taken = sink.bytes(chunk);
      if (taken === undefined) return;
      child.stdout.pause();
      void taken.then(() => child.stdout.resume());
    });
    this.#gone = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        running.delete(child);
        if (running.size === 0) process.off('exit', endAll);
        this.#child = undefined;
        if (!this.#retry.ended) {
          sink.flush();
          const said = words.trim() === '' ? '' : `: ${words.trim().split('\n').at(-1)}`;
          sink.lost(why ?? `${program} ended with ${signal ?? `code ${code}`}${said}`);
          if (performance.now() - startedMs >= WORKED_MS) this.#retry.worked();
          this.#retry.later(() => this.#run(sink));
        }
        resolve();
      });
    });
  }
}

/** Programs of all sources: none outlives a process that ends by itself. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // all of the group have ended
  }
}
