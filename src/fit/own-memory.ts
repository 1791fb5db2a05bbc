/** What is our own of the memory in use: this process, and those that work for it at this moment. */
import { processesAtWork } from '../apart/index.js';
import { processMemory } from '../profile/process-memory.js';

/** Anonymous memory in bytes; 0 where it is not known. */
export function ownAnonBytes(): number {
  const each = [processMemory(), ...processesAtWork().map((pid) => processMemory(pid))];
  return each.reduce((sum, { rssAnonBytes }) => sum + (rssAnonBytes ?? 0), 0);
}
