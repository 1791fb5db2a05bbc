/**
 * Work beside the stream: cutting a profile out of the master takes seconds and leaves a heap that has grown, so it is done in a
 * process of its own, with the lowest priority, and first in line where the kernel has to kill for memory.
 */
import { apart } from '../../src/apart/index.js';
import type { Measured, Task } from './task.js';

const program = new URL('./errands-child', import.meta.url);

export interface ErrandOptions {
  /** Ends the work; the promise rejects with `CHILD_ENDED`. */
  readonly signal?: AbortSignal;
  /** Asked every so often; the child measures only while it is true. */
  readonly goAhead?: () => boolean;
}

/** Does a task in a process of its own. @throws what the task throws, or CHILD_ENDED */
export async function doApart(task: Task, { signal, goAhead }: ErrandOptions = {}): Promise<Measured | undefined> {
  let measured: Measured | undefined;
  await apart<Task, Measured>(
    { program, task, what: `${task.kind} ${task.profile}` },
    {
      onSaid: (said) => {
        measured = said;
      },
      ...(signal && { signal }),
      ...(goAhead && { word: goAhead }),
    },
  );
  return measured;
}
