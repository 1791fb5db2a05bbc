/** Cores that this process may run on, and how fast they may be clocked. */
import { availableParallelism } from 'node:os';
import { known, quoted, type Reading, shortened, unknown, wholeNumber } from './reading.js';
import type { Tree } from './tree.js';

const ONLINE = 'sys/devices/system/cpu/online';
const STATUS = 'proc/self/status';
/** More than any kernel is built for; a list beyond it is none. */
const MOST_CORES = 8192;

export interface Cores {
  readonly cores: Reading<number>;
  /** Their numbers; null where unknown. */
  readonly numbers: readonly number[] | null;
}

/** Those that are switched on and that the process's affinity allows. */
export function allowedCores(tree: Tree): Cores {
  const online = listOf(tree, ONLINE, (text) => text);
  const allowed = listOf(tree, STATUS, (text) => /^Cpus_allowed_list:(.*)$/m.exec(text)?.[1]);
  if (online.list !== null && allowed.list !== null) {
    const numbers = [...online.list].filter((core) => allowed.list.has(core));
    if (numbers.length === 0) return { cores: unknown(`no core of /${ONLINE} is in ${allowed.source}`), numbers: null };
    return { cores: known(numbers.length, `/${ONLINE} and ${allowed.source}`), numbers };
  }
  const one = online.list !== null ? online : allowed;
  const other = online.list !== null ? allowed : online;
  if (one.list !== null)
    return { cores: known(one.list.size, `${one.source}; ${other.source}`), numbers: [...one.list] };
  // Not Linux: the running process knows of its own machine.
  if (tree.live) return { cores: known(availableParallelism(), 'the operating system'), numbers: null };
  return { cores: unknown(`${online.source}; ${allowed.source}`), numbers: null };
}

type List =
  | { readonly list: ReadonlySet<number>; readonly source: string }
  | { readonly list: null; readonly source: string };

function listOf(tree: Tree, path: string, part: (text: string) => string | undefined): List {
  const { text, problem } = tree.text(path);
  if (text === null) return { list: null, source: problem };
  const written = part(text);
  if (written === undefined) return { list: null, source: `/${path} has no list of cores` };
  const list = parseCoreList(written);
  return list === null ? { list, source: `/${path} ${quoted(written)}` } : { list, source: `/${path}` };
}

/** A list as the kernel writes it, `0-3,8`; null where it is none: empty, backwards, beyond what there can be. */
export function parseCoreList(text: string): ReadonlySet<number> | null {
  const cores = new Set<number>();
  for (const range of text.trim().split(',')) {
    const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(range.trim()) ?? [];
    const [first, last] = [wholeNumber(from), wholeNumber(to)];
    if (first === null || last === null || last < first || last >= MOST_CORES) return null;
    for (let core = first; core <= last; core++) cores.add(core);
  }
  return cores;
}

export interface Clocking {
  /** What sets the frequency: `ondemand`; several names where groups of cores differ. */
  readonly cpuGovernor: Reading<string>;
  readonly cpuMinMHz: Reading<number>;
  /** Of the fastest cores. */
  readonly cpuMaxMHz: Reading<number>;
}

const POLICIES = 'sys/devices/system/cpu/cpufreq';

/** @param numbers the cores that may be used; core 0 need not be among them */
export function clocking(tree: Tree, numbers: readonly number[] | null): Clocking {
  const policies = tree.names(POLICIES).filter((name) => /^policy\d+$/.test(name));
  const folders =
    policies.length > 0
      ? policies.map((name) => `${POLICIES}/${name}`)
      : (numbers ?? []).map((core) => `sys/devices/system/cpu/cpu${core}/cpufreq`).filter((path) => tree.isThere(path));
  if (folders.length === 0) {
    const missing = unknown(`/${POLICIES} has no policy`);
    return { cpuGovernor: missing, cpuMinMHz: missing, cpuMaxMHz: missing };
  }
  const governors = folders.flatMap((folder) => shortened(tree.text(`${folder}/scaling_governor`).text ?? '') || []);
  return {
    cpuGovernor:
      governors.length > 0
        ? known([...new Set(governors)].join(' + '), `/${folders[0]}/scaling_governor`)
        : unknown(`/${folders[0]} names no governor`),
    cpuMinMHz: frequency(tree, folders, 'min', Math.min),
    cpuMaxMHz: frequency(tree, folders, 'max', Math.max),
  };
}

function frequency(
  tree: Tree,
  folders: readonly string[],
  end: 'min' | 'max',
  pick: (...values: number[]) => number,
): Reading<number> {
  for (const name of [`scaling_${end}_freq`, `cpuinfo_${end}_freq`]) {
    const found = folders.flatMap((folder) => {
      const kHz = wholeNumber(tree.text(`${folder}/${name}`).text ?? '');
      return kHz !== null && kHz > 0 ? [{ mhz: kHz / 1000, file: `/${folder}/${name}` }] : [];
    });
    if (found.length === 0) continue;
    const mhz = pick(...found.map((each) => each.mhz));
    return known(mhz, found.find((each) => each.mhz === mhz)?.file ?? '');
  }
  return unknown(`/${folders[0]} tells no frequency`);
}
