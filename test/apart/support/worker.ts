/** A process that does what a test tells it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { serve } from '../../../src/apart/index.js';
import { SnugError } from '../../../src/errors/index.js';

export type Order = 'count' | 'refuse' | 'crash' | 'never end' | 'until told' | 'who goes first';

serve<Order, number, string>(async (order, { say, word }) => {
  if (order === 'count') for (const at of [1, 2, 3]) say(at);
  if (order === 'refuse') throw new SnugError('CACHE_WRITE', 'no room', { remedy: 'Make room.' });
  if (order === 'crash') throw process.exit(3);
  if (order === 'never end') await pause(2 ** 31 - 1);
  if (order === 'until told') while (word() !== 'enough') await pause(5);
  if (order === 'who goes first') say(Number(readFileSync('/proc/self/oom_score_adj', 'utf8')));
});
