/** Control groups that a benchmark makes for its programs: real limits of memory and processor time. Needs root. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../errors/index.js';
import type { Launch } from './line-process.js';

const ROOT = '/sys/fs/cgroup';
const isVersion2 = () => existsSync(`${ROOT}/cgroup.controllers`);

/** The period in which the kernel gives out processor time. */
export const PERIOD_US = 100_000;

export interface GroupLimits {
  readonly memoryBytes?: number;
  /** Cores' worth of time; absent for all. */
  readonly cores?: number;
  /** It shares the processor with everything else as any program does. */
  readonly beside?: true;
}

let made = 0;

export class ControlGroup {
  private constructor(private readonly folders: ReadonlyMap<Kind, string>) {}

  /** Why this process can make no groups; undefined where it can. */
  static problem(): string | undefined {
    try {
      const group = ControlGroup.make({});
      for (const folder of group.#all) rmdirSync(folder);
      return undefined;
    } catch (error) {
      return `control groups can't be made here (as root they can, where they are mounted): ${messageOf(error)}`;
    }
  }

  /** @throws the system's error */
  static make(limits: GroupLimits): ControlGroup {
    const name = `snug-bench-${process.pid}-${made++}`;
    const at = (kind: Kind) => (isVersion2() ? `${ROOT}/${name}` : `${ROOT}/${kind}/${name}`);
    const folders = new Map(kinds.map((kind) => [kind, at(kind)]));
    if (isVersion2()) writeFileSync(`${ROOT}/cgroup.subtree_control`, '+memory +cpu');
    for (const folder of new Set(folders.values())) mkdirSync(folder);
    const group = new ControlGroup(folders);
    if (limits.memoryBytes !== undefined) group.setMemory(limits.memoryBytes);
    if (limits.cores !== undefined) group.setCores(limits.cores);
    if (limits.beside) return group;
    // What else the machine does is not to be measured: within its quota the group comes first.
    if (isVersion2()) group.#write('cpu', 'cpu.weight', '10000');
    else group.#write('cpu', 'cpu.shares', '262144');
    return group;
  }

  /** @param bytes null for no limit. Throws where the kernel can't take back so much, and then leaves the limit. */
  setMemory(bytes: number | null): void {
    if (isVersion2()) this.#write('memory', 'memory.max', bytes === null ? 'max' : String(bytes));
    else this.#write('memory', 'memory.limit_in_bytes', bytes === null ? '-1' : String(bytes));
  }

  /** Takes a share of the memory that its programs have away from them, as far as the kernel goes along. */
  squeeze(share: number): void {
    const used = Number(this.#read(isVersion2() ? 'memory.current' : 'memory.usage_in_bytes'));
    for (let left = share; left < 1; left += 0.05)
      try {
        this.setMemory(Math.round(used * left));
        return;
      } catch {
        // version 1 refuses a limit that it can't reach by taking pages back
      }
  }

  setCores(cores: number | null): void {
    const quotaUs = cores === null ? null : Math.round(cores * PERIOD_US);
    if (isVersion2()) this.#write('cpu', 'cpu.max', `${quotaUs ?? 'max'} ${PERIOD_US}`);
    else {
      this.#write('cpu', 'cpu.cfs_period_us', String(PERIOD_US));
      this.#write('cpu', 'cpu.cfs_quota_us', String(quotaUs ?? -1));
    }
  }

  /** A program that is inside from its first instruction on: a shell moves itself in, then becomes the program. */
  inside({ command, args, ...rest }: Launch): Launch {
    const move = this.#all.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(' && ');
    return { command: 'sh', args: ['-c', `${move} && exec "$@"`, 'sh', command, ...args], ...rest };
  }

  /** Processes that the kernel killed for want of memory; null where it does not count them. */
  oomKills(): number | null {
    const count = /^oom_kill (\d+)$/m.exec(this.#read(isVersion2() ? 'memory.events' : 'memory.oom_control'))?.[1];
    return count === undefined ? null : Number(count);
  }

  /** Pages that had to be read from disk so far. */
  majorFaults(): number {
    const name = isVersion2() ? 'pgmajfault' : 'total_pgmajfault';
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(this.#read('memory.stat'))?.[1] ?? 0);
  }

  /** The most memory that was counted at once, file cache included. */
  peakBytes(): number | null {
    const text = this.#read(isVersion2() ? 'memory.peak' : 'memory.max_usage_in_bytes').trim();
    return text === '' ? null : Number(text);
  }

  /** Removes it once its processes are gone. */
  async remove(): Promise<void> {
    for (const folder of this.#all)
      for (let tries = 0; tries < 50 && existsSync(folder); tries++)
        try {
          rmdirSync(folder);
        } catch {
          await pause(100); // a process that was killed takes a while to leave
        }
  }

  get #all(): string[] {
    return [...new Set(this.folders.values())];
  }

  #write(kind: Kind, file: string, text: string): void {
    writeFileSync(`${this.folders.get(kind)}/${file}`, text);
  }

  #read(file: string): string {
    try {
      return readFileSync(`${this.folders.get('memory')}/${file}`, 'utf8');
    } catch {
      return '';
    }
  }
}

const kinds = ['memory', 'cpu'] as const;
type Kind = (typeof kinds)[number];
