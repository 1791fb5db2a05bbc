/** Memory and cores that this process may really use: the machine's, and what a control group leaves of them. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { bad, type Check, good } from './check.js';

/** Node, onnxruntime and a small profile together, with some air. */
const LEAST_MEMORY_BYTES = 150e6;
/** Version 1 writes "no limit" as 2^63, rounded to a page. */
const NO_LIMIT_BYTES = 2 ** 60;

/** Where /proc and /sys are read from: a captured tree of another board can stand in. */
const systemRoot = () => process.env.SNUG_SYSROOT ?? '/';

export function memoryCheck(root: string = systemRoot()): Check {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(read(root, 'proc/meminfo') ?? '')?.[1];
  const availableBytes = kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  const limitBytes = smallest(
    groupsOf(root, 'memory').map(({ folder, version }) =>
      Number(read(folder, version === 2 ? 'memory.max' : 'memory.limit_in_bytes')),
    ),
  );
  const detail = [
    availableBytes === undefined ? 'available memory unknown' : `${megabytes(availableBytes)} available`,
    limitBytes === undefined ? 'no control group limit' : `control group limit ${megabytes(limitBytes)}`,
  ].join(', ');
  const usableBytes = Math.min(availableBytes ?? NO_LIMIT_BYTES, limitBytes ?? NO_LIMIT_BYTES);
  if (usableBytes >= LEAST_MEMORY_BYTES) return good('memory', detail);
  return bad('memory', detail, `End other programs or raise the limit: Snug wants ${megabytes(LEAST_MEMORY_BYTES)}.`);
}

export function coresCheck(root: string = systemRoot(), cores = availableParallelism()): Check {
  const quota = smallest(groupsOf(root, 'cpu').map(quotaOf));
  return good('cores', `${cores}, ${quota === undefined ? 'no quota' : `quota of ${quota.toFixed(2)}`}`);
}

/** Cores that a group may use, on average over a period; NaN where it has no quota ("max", or -1 in version 1). */
function quotaOf({ folder, version }: Group): number {
  const [quotaUs, periodUs] =
    version === 2
      ? (read(folder, 'cpu.max') ?? '').split(/\s+/)
      : [read(folder, 'cpu.cfs_quota_us'), read(folder, 'cpu.cfs_period_us')];
  return Number(quotaUs) > 0 ? Number(quotaUs) / Number(periodUs) : Number.NaN;
}

function smallest(values: readonly number[]): number | undefined {
  const known = values.filter((value) => value < NO_LIMIT_BYTES);
  return known.length > 0 ? Math.min(...known) : undefined;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

interface Group {
  readonly folder: string;
  /** Of the kernel's interface. */
  readonly version: 1 | 2;
}

/** This process's control group for memory or cpu, and every group above it: each may set a limit. */
function groupsOf(root: string, controller: 'memory' | 'cpu'): Group[] {
  const groups: Group[] = [];
  for (const line of (read(root, 'proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const version = controllers === '' ? 2 : 1;
    if (version === 1 && !controllers.split(',').includes(controller)) continue;
    const mounts = version === 2 ? ['', 'unified'] : [...new Set([controllers, controller])];
    for (const mount of mounts)
      for (let group = path; ; group = dirname(group)) {
        groups.push({ folder: join(root, 'sys/fs/cgroup', mount, group), version });
        if (group === '/' || group === '.') break;
      }
  }
  return groups;
}

function read(...path: string[]): string | undefined {
  try {
    return readFileSync(join(...path), 'utf8');
  } catch {
    return undefined; // not on this system
  }
}
