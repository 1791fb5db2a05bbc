/** The process of errands.ts. */
import { serve } from '../../src/apart/index.js';
import { SnugError } from '../../src/errors/index.js';
import type { Measured, Task } from './task.js';

serve<Task, Measured, boolean>(async (task, { say, word, giveWay }) => {
  giveWay();
  const { isCached, materialiseProfile, openBundle } = await import('../../src/bundle/index.js');
  const bundle = await openBundle(task.bundle);
  if (task.kind === 'cut') {
    await materialiseProfile(bundle, task.profile);
    return;
  }
  // What cutting leaves in a heap would be measured with the profile.
  if (!(await isCached(bundle, task.profile)))
    throw new SnugError('CACHE_WRITE', `${task.profile} is not in the cache`);
  const { measure } = await import('./measure.js');
  say(await measure(bundle, task, () => word() ?? true));
});
