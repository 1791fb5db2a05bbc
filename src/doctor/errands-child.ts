/** The process of errands.ts: makes one check. */
import { serve } from '../apart/index.js';
import { type Check, settled } from './check.js';
import type { Task } from './errands.js';
import { goldenCheck } from './golden.js';
import { runtimeCheck } from './runtime.js';

serve<Task, Check>(async (task, { say }) =>
  say(
    await settled(task.name, () =>
      task.kind === 'runtime' ? runtimeCheck(task.name) : goldenCheck(task.name, task.folder, task.profile),
    ),
  ),
);
