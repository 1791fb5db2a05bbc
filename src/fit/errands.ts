/** Work that the choice gives to a process of its own: measuring a board, cutting a profile, measuring one. */
import { type ApartOptions, apart } from '../apart/index.js';
import type { Said, Task } from './task.js';

const program = new URL('./errands-child', import.meta.url);

/** @returns whether it came to its end within `limitMs` @throws what the task throws, or CHILD_ENDED */
export function doApart(task: Task, options: ApartOptions<Said> = {}): Promise<boolean> {
  const what = task.kind === 'calibrate' ? 'measure the board' : `${task.kind} ${task.profile}`;
  return apart({ program, task, what }, options);
}
