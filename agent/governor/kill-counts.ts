/** What the kernel counts of processes that it killed for memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRoot } from '../../src/profile/index.js';
import type { KillCounts } from './last-run.js';

/** @param group the count of the agent's own control group, from the pressure reading */
export function killCounts(group: number | null, root = systemRoot()): KillCounts {
  const kills = /^oom_kill (\d{1,15})$/m.exec(textOf(join(root, 'proc/vmstat')))?.[1];
  return {
    bootId: /^[0-9a-f-]{36}/.exec(textOf(join(root, 'proc/sys/kernel/random/boot_id')))?.[0] ?? null,
    group,
    board: kills === undefined ? null : Number(kills),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not on this kernel
  }
}
