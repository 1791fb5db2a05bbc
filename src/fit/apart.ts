/**
 * Work in a process of its own: measuring a board and cutting a profile leave a heap that has grown, and where memory runs out
 * the kernel is to take that process, not the one that serves.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue, type ErrorCode, SnugError } from '../errors/index.js';
import type { Said, Task } from './task.js';

/** This file runs as JavaScript and, in tests, as TypeScript. */
const program = fileURLToPath(new URL(`./apart-child${extname(import.meta.url)}`, import.meta.url));

/** The child's JavaScript heap: no task holds much at once. */
const HEAP_FLAGS = '--max-old-space-size=128 --max-semi-space-size=2';

/** What is kept of a child's last words. */
const KEPT_CHARACTERS = 500;

export interface ApartOptions {
  /** The process is ended after so long; what it said until then stands. */
  readonly limitMs?: number;
  readonly onSaid?: (said: Exclude<Said, { kind: 'done' | 'failed' }>) => void;
}

/**
 * Does a task in a process of its own.
 * @returns whether it came to its end; false where the time was over
 * @throws what the task throws, or CHILD_ENDED
 */
export async function apart(task: Task, { limitMs, onSaid }: ApartOptions = {}): Promise<boolean> {
  const child = fork(program, [], {
    // Not as execArgv: only Node's own copy of that leaves out a program given with -e, which would then run again and again.
    env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${HEAP_FLAGS}`.trim() },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let end: Extract<Said, { kind: 'done' | 'failed' }> | undefined;
  let words = '';
  let late = false;
  child.on('message', (said: Said) => {
    if (said.kind === 'done' || said.kind === 'failed') end = said;
    else onSaid?.(said);
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-KEPT_CHARACTERS);
  });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          stop();
        }, limitMs);
  try {
    const closed = once(child, 'close');
    if (child.connected) child.send(task, () => undefined); // its end says more than a message that did not arrive
    const [code, signal] = await closed;
    if (end?.kind === 'done') return true;
    if (end?.kind === 'failed') throw failureOf(end);
    if (late) return false;
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    const last = words.trim().split('\n').at(-1);
    throw new SnugError('CHILD_ENDED', `the process that was to ${task.kind} ${how}${last ? `: ${last}` : ''}`);
  } finally {
    clearTimeout(timer);
    process.removeListener('exit', stop);
  }
}

function failureOf({ code, message, remedy }: Extract<Said, { kind: 'failed' }>): SnugError {
  const known = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'CHILD_ENDED';
  return new SnugError(known, message, { remedy });
}
