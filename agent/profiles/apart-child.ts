/** The process of apart.ts: one task comes, one answer goes. */
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { messageOf, SnugError } from '../../src/errors/index.js';
import type { Answer, GoAhead, Task } from './task.js';

let goAhead = true;

process.on('message', (message: Task | GoAhead) => {
  if ('goAhead' in message) goAhead = message.goAhead;
  else void answer(message);
});
process.once('disconnect', () => process.exit(1)); // without its agent it has nothing to do

async function answer(task: Task): Promise<void> {
  giveWay();
  let said: Answer;
  try {
    said = await doTask(task);
  } catch (error) {
    const { code, remedy } = error instanceof SnugError ? error : { code: '', remedy: '' };
    said = { kind: 'failed', code, message: messageOf(error), remedy };
  }
  process.send?.(said, () => process.exit());
}

async function doTask(task: Task): Promise<Answer> {
  const { isCached, materialiseProfile, openBundle } = await import('../../src/bundle/index.js');
  const bundle = await openBundle(task.bundle);
  if (task.kind === 'measure') {
    // What cutting leaves in a heap would be measured with the profile.
    if (!(await isCached(bundle, task.profile)))
      throw new SnugError('CACHE_WRITE', `${task.profile} is not in the cache`);
    const { measure } = await import('./measure.js');
    return { kind: 'done', measured: await measure(bundle, task, () => goAhead) };
  }
  await materialiseProfile(bundle, task.profile);
  return { kind: 'done' };
}

/** The stream comes first, for the processor and where memory runs out. */
function giveWay(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // not Linux, or a sandbox: then it is a process like others
  }
}
