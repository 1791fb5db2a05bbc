/** The side that has work to give away. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue, type ErrorCode, SnugError } from '../errors/index.js';
import type { Down, Up } from './letters.js';

/** The JavaScript heap of a child: no task holds much at once. */
const HEAP_FLAGS = '--max-old-space-size=128 --max-semi-space-size=2';
/** What is kept of a child's last words. */
const KEPT_CHARACTERS = 500;
const WORD_MS = 100;

const atWork = new Set<ChildProcess>();

/** The processes that do a task for this one now, by id: what they hold is no other's. */
export function processesAtWork(): number[] {
  return [...atWork].flatMap(({ pid }) => pid ?? []);
}

export interface Errand<Task> {
  /** The program that calls `serve`, without its ending: it runs as JavaScript and, in tests, as TypeScript. */
  readonly program: URL;
  readonly task: Task;
  /** For people, after "the process that was to". */
  readonly what: string;
}

export interface ApartOptions<Said = never> {
  /** The process is ended after so long; what it said until then stands. */
  readonly limitMs?: number;
  /** Ends the process; the promise rejects with `CHILD_ENDED`. */
  readonly signal?: AbortSignal;
  readonly onSaid?: (said: Said) => void;
  /** Asked every so often, and told to the child. */
  readonly word?: () => unknown;
}

/**
 * Does a task in a process of its own, which ends with this one.
 * @returns whether it came to its end; false where the time was over
 * @throws what the task throws, or CHILD_ENDED
 */
export async function apart<Task, Said = never>(
  { program, task, what }: Errand<Task>,
  { limitMs, signal, onSaid, word }: ApartOptions<Said> = {},
): Promise<boolean> {
  if (signal?.aborted) throw new SnugError('CHILD_ENDED', `the process that was to ${what} was ended before it began`);
  const child = fork(fileURLToPath(program) + extname(import.meta.url), [], {
    // Not as execArgv: only Node's own copy of that leaves out a program given with -e, which would then run again and again.
    env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${HEAP_FLAGS}`.trim() },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  atWork.add(child);
  let end: Exclude<Up, { said: unknown }> | undefined;
  let words = '';
  let late = false;
  child.on('message', (letter: Up) => {
    if ('said' in letter) onSaid?.(letter.said as Said);
    else end = letter;
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-KEPT_CHARACTERS);
  });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  signal?.addEventListener('abort', stop, { once: true });
  const telling = word && setInterval(() => tell(child, { word: word() }), WORD_MS);
  const timer =
    limitMs &&
    setTimeout(() => {
      late = true;
      stop();
    }, limitMs);
  try {
    const closed = once(child, 'close');
    tell(child, { task });
    const [code, killed] = await closed;
    if (end?.end === 'done') return true;
    if (end?.end === 'failed') throw failureOf(end);
    if (late) return false;
    const how = killed === null ? `ended with code ${code}` : `was ended by ${killed}`;
    const last = words.trim().split('\n').at(-1);
    throw new SnugError('CHILD_ENDED', `the process that was to ${what} ${how}${last ? `: ${last}` : ''}`);
  } finally {
    atWork.delete(child);
    clearTimeout(timer);
    clearInterval(telling);
    process.removeListener('exit', stop);
    signal?.removeEventListener('abort', stop);
  }
}

function tell(child: ChildProcess, letter: Down): void {
  if (child.connected) child.send(letter, () => undefined); // its end says more than a letter that did not arrive
}

function failureOf({ code, message, remedy }: Extract<Up, { end: 'failed' }>): SnugError {
  const known = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'CHILD_ENDED';
  return new SnugError(known, message, { remedy });
}
