/** The process of errands.ts. */
import { serve } from '../apart/index.js';
import type { Said, Task } from './task.js';

serve<Task, Said>(async (task, { say }) => {
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
});
