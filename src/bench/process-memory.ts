/** Memory of a process and all its descendants, as Linux reports it. */
import { readdirSync, readFileSync } from 'node:fs';
import { processMemory } from '../profile/process-memory.js';

export interface TreeMemory {
  /** RssAnon + RssShmem: what the kernel can't take back. */
  readonly anonBytes: number;
  /** VmRSS. */
  readonly rssBytes: number;
}

/** Sums over `pid` and its descendants; zero for a process that is gone. */
export function memoryOfTree(pid: number): TreeMemory {
  let anonBytes = 0;
  let rssBytes = 0;
  for (const member of treeOf(pid)) {
    const memory = processMemory(member);
    anonBytes += memory.rssAnonBytes ?? 0;
    rssBytes += memory.rssBytes ?? 0;
  }
  return { anonBytes, rssBytes };
}

/** `pid` and its descendants. */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOr(`/proc/${name}/stat`);
    // The command's name may hold spaces and parentheses: the fields begin after the last one.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (Number.isFinite(parent)) parents.set(Number(name), parent);
  }
  const members = [pid];
  for (let at = 0; at < members.length; at++)
    for (const [child, parent] of parents) if (parent === members[at]) members.push(child);
  return members;
}

/** Watches a process tree and keeps the largest sums seen; sampled, so short spikes between two looks are missed. */
export class MemoryWatch {
  #peak: TreeMemory = { anonBytes: 0, rssBytes: 0 };
  readonly #timer: NodeJS.Timeout;
  readonly #pid: number;

  constructor(pid: number, intervalMs = 10) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.look(), intervalMs);
  }

  look(): TreeMemory {
    const now = memoryOfTree(this.#pid);
    this.#peak = {
      anonBytes: Math.max(this.#peak.anonBytes, now.anonBytes),
      rssBytes: Math.max(this.#peak.rssBytes, now.rssBytes),
    };
    return now;
  }

  /** Ends the watch. */
  stop(): TreeMemory {
    clearInterval(this.#timer);
    return this.#peak;
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
