/**
 * What a governor looks at every second: pressure stall information, events of the control groups, and those limits that
 * change while a process runs. Where files stand is found out once; they are read anew every time.
 */
import { type Group, type Groups, groupsOf } from './control-groups.js';
import { allowedCores } from './cores.js';
import { memoryLimits, quotaCores, statOf } from './group-limits.js';
import type { Limits } from './limits.js';
import { memoryInfo } from './memory.js';
import { temperature, throttled, throttleFiles, zoneFolders } from './thermal.js';
import { systemRoot, Tree } from './tree.js';

/** How long tasks waited for a resource, by Documentation/accounting/psi.rst of the kernel. */
export interface Stall {
  /** At least one task waited. */
  readonly some: StallTimes | null;
  /** All tasks waited at once. */
  readonly full: StallTimes | null;
}

export interface StallTimes {
  /** Shares of the last 10, 60 and 300 seconds, 0 to 1. */
  readonly avg10Share: number;
  readonly avg60Share: number;
  readonly avg300Share: number;
  /** Since the start: rises only. */
  readonly totalUs: number;
}

export interface Stalls {
  readonly cpu: Stall | null;
  readonly memory: Stall | null;
  readonly io: Stall | null;
}

/** Counters since the group was made; null where the kernel doesn't count it. */
export interface MemoryEvents {
  /** The group that they are of: one with another name counts from anew. */
  readonly group: string;
  /** Times that the group was slowed down above memory.high; version 2 only. */
  readonly high: number | null;
  /** Times that its limit was hit (version 1: failcnt). */
  readonly max: number | null;
  /** Times that not enough could be taken back; version 2 only. */
  readonly oom: number | null;
  /** Processes killed for memory. */
  readonly oomKill: number | null;
}

/** Counters since the group was made. */
export interface CpuThrottling {
  readonly group: string;
  readonly periods: number | null;
  /** Periods in which the quota was used up. */
  readonly throttledPeriods: number | null;
  /** Time that was waited for the next period. */
  readonly throttledUs: number | null;
}

/** Limits that change while a process runs. */
export type LiveLimits = Pick<
  Limits,
  | 'ramAvailableBytes'
  | 'memoryLimitBytes'
  | 'memoryHighBytes'
  | 'memoryLimitUsageBytes'
  | 'cores'
  | 'quotaCores'
  | 'temperatureC'
  | 'throttled'
>;

export interface Pressure {
  /** Of the whole machine. */
  readonly stalls: Stalls;
  /** Of this process's own control group; version 2 only. */
  readonly groupStalls: Stalls;
  /** Of the group that limits memory; of this process's own where none does. */
  readonly memoryEvents: MemoryEvents | null;
  readonly cpuThrottling: CpuThrottling | null;
  readonly swapFreeBytes: number | null;
  /** To be laid over those read at the start: `{ ...limits, ...pressure.limits }`. */
  readonly limits: LiveLimits;
}

const readers = new Map<string, () => Pressure>();

/** What the board feels now. Never throws; null is unknown. Forty reads of files that the kernel makes up, about a millisecond. */
export function readPressure(root: string = systemRoot()): Pressure {
  let read = readers.get(root);
  if (read === undefined) {
    read = pressureReader(root);
    readers.set(root, read);
  }
  return read();
}

/** A reader that has looked up where the files stand. Groups are looked up anew when the process was moved to other ones. */
export function pressureReader(root: string = systemRoot()): () => Pressure {
  const tree = new Tree(root);
  const zones = zoneFolders(tree);
  const slowing = throttleFiles(tree);
  let membership: string | null | undefined;
  let memoryGroups: Groups = { groups: [], problem: null };
  let cpuGroups = memoryGroups;
  return () => {
    const now = tree.text('proc/self/cgroup').text;
    if (membership === undefined || now !== membership) {
      membership = now;
      memoryGroups = groupsOf(tree, 'memory');
      cpuGroups = groupsOf(tree, 'cpu');
    }
    const { limiting, ...memory } = memoryLimits(tree, memoryGroups);
    const eventful = limiting ?? memoryGroups.groups[0];
    return {
      stalls: stallsIn(tree, (name) => `proc/pressure/${name}`),
      groupStalls: groupStalls(tree, memoryGroups, cpuGroups),
      memoryEvents: eventful === undefined ? null : memoryEvents(tree, eventful),
      cpuThrottling: cpuThrottling(tree, cpuGroups.groups),
      swapFreeBytes: memoryInfo(tree, 'SwapFree').value,
      limits: {
        ramAvailableBytes: memoryInfo(tree, 'MemAvailable'),
        ...memory,
        cores: allowedCores(tree).cores,
        quotaCores: quotaCores(tree, cpuGroups),
        temperatureC: temperature(tree, zones),
        throttled: throttled(tree, slowing),
      },
    };
  };
}

function groupStalls(tree: Tree, ...all: readonly Groups[]): Stalls {
  const own = all.flatMap(({ groups }) => groups).find(({ version }) => version === 2);
  if (own === undefined) return { cpu: null, memory: null, io: null };
  return stallsIn(tree, (name) => `${own.folder}/${name}.pressure`);
}

function stallsIn(tree: Tree, file: (name: string) => string): Stalls {
  const [cpu, memory, io] = ['cpu', 'memory', 'io'].map((name) => parseStall(tree.text(file(name)).text ?? ''));
  return { cpu, memory, io };
}

/** The text of a pressure file, or null where it is none. */
export function parseStall(text: string): Stall | null {
  const times = (kind: string): StallTimes | null => {
    const line = new RegExp(
      `^${kind} avg10=(\\d{1,3}\\.\\d+) avg60=(\\d{1,3}\\.\\d+) avg300=(\\d{1,3}\\.\\d+) total=(\\d{1,19})$`,
      'm',
    ).exec(text);
    if (line === null) return null;
    const [avg10, avg60, avg300, totalUs] = line.slice(1).map(Number);
    return { avg10Share: avg10 / 100, avg60Share: avg60 / 100, avg300Share: avg300 / 100, totalUs };
  };
  const [some, full] = [times('some'), times('full')];
  return some === null && full === null ? null : { some, full };
}

function memoryEvents(tree: Tree, group: Group): MemoryEvents {
  const name = `/${group.folder}`;
  if (group.version === 2) {
    const events = statOf(tree, group, 'memory.events');
    const count = (key: string) => events.get(key) ?? null;
    return { group: name, high: count('high'), max: count('max'), oom: count('oom'), oomKill: count('oom_kill') };
  }
  const failures = /^\d{1,19}$/.exec((tree.text(`${group.folder}/memory.failcnt`).text ?? '').trim());
  return {
    group: name,
    high: null,
    max: failures === null ? null : Number(failures[0]),
    oom: null,
    oomKill: statOf(tree, group, 'memory.oom_control').get('oom_kill') ?? null,
  };
}

/** Of the nearest group that counts: the root of version 2 has no quota and counts nothing. */
function cpuThrottling(tree: Tree, groups: readonly Group[]): CpuThrottling | null {
  for (const group of groups) {
    const stat = statOf(tree, group, 'cpu.stat');
    const throttledPeriods = stat.get('nr_throttled');
    if (throttledPeriods === undefined) continue;
    const nanoseconds = stat.get('throttled_time'); // version 1
    return {
      group: `/${group.folder}`,
      periods: stat.get('nr_periods') ?? null,
      throttledPeriods,
      throttledUs: stat.get('throttled_usec') ?? (nanoseconds === undefined ? null : nanoseconds / 1000),
    };
  }
  return null;
}
