/** Memory of this process as the kernel counts it. */
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** Anonymous and shared memory: what the kernel can't take back. */
  readonly rssAnonBytes: number;
  /** All resident memory, mapped files too. */
  readonly rssBytes: number;
}

/** From /proc/self/status; zeros where there is none. */
export function processMemory(): ProcessMemory {
  let status = '';
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    // no /proc on this system
  }
  const bytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { rssAnonBytes: bytes('RssAnon') + bytes('RssShmem'), rssBytes: bytes('VmRSS') };
}
