/**
 * Work beside the stream: cutting a profile out of the master takes seconds and leaves a heap that has grown, so it is done in a
 * process of its own, with the lowest priority, and first in line where the kernel has to kill for memory.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue, type ErrorCode, SnugError } from '../../src/errors/index.js';
import type { Answer, GoAhead, Measured, Task } from './task.js';

/** This file runs as JavaScript and, in tests, as TypeScript. */
const program = fileURLToPath(new URL(`./apart-child${extname(import.meta.url)}`, import.meta.url));

/** The child's JavaScript heap: cutting holds one tensor at a time. */
const HEAP_FLAGS = '--max-old-space-size=128 --max-semi-space-size=2';

export interface ApartOptions {
  /** Ends the work; the promise rejects with `CHILD_ENDED`. */
  readonly signal?: AbortSignal;
  /** Asked every so often; the child measures only while it is true. */
  readonly goAhead?: () => boolean;
}

const GO_AHEAD_MS = 100;

/** Does a task in a process of its own. @throws what the task throws, or CHILD_ENDED */
export async function apart(task: Task, { signal, goAhead }: ApartOptions = {}): Promise<Measured | undefined> {
  const what = `the process that was to ${task.kind} ${task.profile}`;
  if (signal?.aborted) throw new SnugError('CHILD_ENDED', `${what} was ended before it began`);
  const child = fork(program, [], {
    // Not as execArgv: only Node's own copy of that leaves out a program given with -e, which would then run again and again.
    env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${HEAP_FLAGS}`.trim() },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  const asking = goAhead && setInterval(() => tell(child, { goAhead: goAhead() }), GO_AHEAD_MS);
  let answer: Answer | undefined;
  let said = '';
  child.on('message', (message: Answer) => {
    answer = message;
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-500);
  });
  try {
    tell(child, task);
    const [code, killed] = await once(child, 'close');
    if (answer?.kind === 'done') return answer.measured;
    if (answer?.kind === 'failed') throw failureOf(answer);
    const how = killed === null ? `ended with code ${code}` : `was ended by ${killed}`;
    const last = said.trim().split('\n').at(-1);
    throw new SnugError('CHILD_ENDED', `${what} ${how}${last ? `: ${last}` : ''}`);
  } finally {
    clearInterval(asking);
    signal?.removeEventListener('abort', stop);
  }
}

function tell(child: ChildProcess, message: Task | GoAhead): void {
  if (child.connected) child.send(message, () => undefined); // its end says more than a message that did not arrive
}

function failureOf({ code, message, remedy }: Extract<Answer, { kind: 'failed' }>): SnugError {
  const known = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'CHILD_ENDED';
  return new SnugError(known, message, { remedy });
}
