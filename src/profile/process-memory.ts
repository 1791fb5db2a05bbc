/** Memory of a process as the kernel counts it. */
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** Anonymous and shared memory: what the kernel can't take back. Null where the kernel doesn't say (not Linux). */
  readonly rssAnonBytes: number | null;
  /** All resident memory, mapped files too. */
  readonly rssBytes: number | null;
}

/** From /proc: of this process, never of a captured tree. Nulls for a process that is gone. */
export function processMemory(pid: number | 'self' = 'self'): ProcessMemory {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // gone, or not Linux
  }
  const bytes = (key: string) => {
    const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  };
  const anonymous = bytes('RssAnon');
  return {
    rssAnonBytes: anonymous === null ? null : anonymous + (bytes('RssShmem') ?? 0),
    rssBytes: bytes('VmRSS'),
  };
}
