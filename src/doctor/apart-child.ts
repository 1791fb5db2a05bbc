/** The child process of apart.ts: makes one check and sends it to its parent. */
import type { Task } from './apart.js';
import { settled } from './check.js';
import { goldenCheck } from './golden.js';
import { runtimeCheck } from './runtime.js';

const task: Task = JSON.parse(process.argv[2]);
const check = await settled(task.name, () =>
  task.kind === 'runtime' ? runtimeCheck(task.name) : goldenCheck(task.name, task.folder, task.profile),
);
process.send?.(check, () => process.disconnect());
