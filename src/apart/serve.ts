/** The side that works: one task comes, what is found goes back as it is found, and how it ended. */
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { messageOf, SnugError } from '../errors/index.js';
import type { Down, Up } from './letters.js';

export interface Desk<Said, Word = never> {
  readonly say: (said: Said) => void;
  /** The last word that the other side has sent; undefined before the first. */
  readonly word: () => Word | undefined;
  /** Gives way to every other process for the processor. */
  readonly giveWay: () => void;
}

/** Waits for the task, does it, and ends the process; it also ends when nobody is there any more to ask. */
export function serve<Task, Said = never, Word = never>(
  work: (task: Task, desk: Desk<Said, Word>) => Promise<void>,
): void {
  beFirstToGo();
  let word: Word | undefined;
  const desk: Desk<Said, Word> = { say: (said) => process.send?.({ said } satisfies Up), word: () => word, giveWay };
  process.on('message', (letter: Down) => {
    if ('task' in letter) void run(() => work(letter.task as Task, desk));
    else word = letter.word as Word;
  });
  process.once('disconnect', () => process.exit(1));
}

async function run(work: () => Promise<void>): Promise<void> {
  let end: Up = { end: 'done' };
  try {
    await work();
  } catch (error) {
    const { code, remedy } = error instanceof SnugError ? error : { code: '', remedy: '' };
    end = { end: 'failed', code, message: messageOf(error), remedy };
  }
  process.send?.(end, () => process.exit());
}

/** Where memory runs out, the kernel is to take this process, not the one that serves. */
function beFirstToGo(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // not Linux, or a sandbox: then it is a process like others
  }
}

function giveWay(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // a system that allows no change
  }
}
