/** The process of apart.ts: one task comes, what it finds goes back as it finds it. */
import { messageOf, SnugError } from '../errors/index.js';
import type { Said, Task } from './task.js';

process.once('message', (task: Task) => void run(task));
process.once('disconnect', () => process.exit(1)); // whoever asked is gone

async function run(task: Task): Promise<void> {
  let end: Said = { kind: 'done' };
  try {
    await doTask(task, (said) => process.send?.(said));
  } catch (error) {
    const { code, remedy } = error instanceof SnugError ? error : { code: '', remedy: '' };
    end = { kind: 'failed', code, message: messageOf(error), remedy };
  }
  process.send?.(end, () => process.exit());
}

async function doTask(task: Task, say: (said: Said) => void): Promise<void> {
  switch (task.kind) {
    case 'calibrate':
      return (await import('./calibrate-board.js')).calibrateBoard(task, say);
    case 'cut': {
      const { materialiseProfile, openBundle } = await import('../bundle/index.js');
      await materialiseProfile(await openBundle(task.bundle), task.profile);
      return;
    }
    case 'measure':
      return (await import('./measure-profile.js')).measureProfile(task, say);
  }
}
