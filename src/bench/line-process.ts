/** A child process that answers lines with lines: both sides of a comparison carry the same pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SnugError } from '../errors/index.js';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How much of a child's stderr is kept for the error message. */
const KEPT_STDERR = 2000;

export class LineProcess {
  readonly startedAt: number;
  readonly #child: ChildProcess;
  readonly #launch: Launch;
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  readonly #ended: Promise<void>;
  #stderr = '';
  #failure: Error | undefined;

  /** Starts the process at once; `startedAt` is `performance.now()` just before. */
  constructor(launch: Launch) {
    this.#launch = launch;
    this.startedAt = performance.now();
    this.#child = spawn(launch.command, [...launch.args], {
      cwd: launch.cwd,
      env: { ...process.env, ...launch.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin?.on('error', () => undefined); // the exit says more than the broken pipe
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-KEPT_STDERR);
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#fail(error.message, resolve));
      this.#child.once('close', (code, signal) => this.#fail(`ended with ${signal ?? `code ${code}`}`, resolve));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Writes one line and waits for the next line of output. */
  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${line}\n`);
    });
  }

  /** Closes its input and waits until it is gone; with `signal`, sends that instead. */
  async end(signal?: NodeJS.Signals): Promise<void> {
    if (signal === undefined) this.#child.stdin?.end();
    else this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }

  #fail(how: string, resolve: () => void): void {
    const { command, args } = this.#launch;
    const said = this.#stderr.trim().split('\n').slice(-6).join('\n');
    this.#failure ??= new SnugError(
      'BENCH_CHILD',
      `${command} ${args.join(' ')} ${how}${said === '' ? '' : `: ${said}`}`,
    );
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    resolve();
  }
}

/** Milliseconds from the write of a line to the arrival of its answer. */
export async function timedAsk(process: LineProcess, line: string): Promise<{ answer: string; ms: number }> {
  const before = performance.now();
  const answer = await process.ask(line);
  return { answer, ms: performance.now() - before };
}
