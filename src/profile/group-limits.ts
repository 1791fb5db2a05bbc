/** What control groups allow: memory and shares of processor time. The smallest limit of all levels counts. */
import type { Group, Groups } from './control-groups.js';
import { known, none, quoted, type Reading, unknown, wholeNumber } from './reading.js';
import type { Tree } from './tree.js';

/** Version 1 writes "no limit" as 2^63, rounded to a page. */
const NO_LIMIT_BYTES = 2 ** 60;
/** The kernel accepts no quota and no period below, and no period above (sched-bwc.rst). */
const LEAST_QUOTA_US = 1000;
const LONGEST_PERIOD_US = 1_000_000;

/** What one file says: a limit, that there is none, or nothing that could be understood. */
type Said = Limit | 'none' | { readonly problem: string };

interface Limit {
  readonly limit: number;
  readonly file: string;
  /** Null where it is of a group that is not seen here. */
  readonly group: Group | null;
}

export interface MemoryLimits {
  readonly memoryLimitBytes: Reading<number>;
  /** Above it the kernel slows the group down and takes memory back; version 2 only. */
  readonly memoryHighBytes: Reading<number>;
  /** What the group with the smallest limit uses, less the file cache that the kernel can take back. */
  readonly memoryLimitUsageBytes: Reading<number>;
  /** The group with the smallest limit, where it can be seen. */
  readonly limiting: Group | null;
}

export function memoryLimits(tree: Tree, found: Groups): MemoryLimits {
  const { groups, problem } = found;
  const said = [
    ...groups.map((group) => bytesSaid(tree, group, group.version === 2 ? 'memory.max' : 'memory.limit_in_bytes')),
    ...aboveSaid(tree, groups),
  ];
  const smallest = smallestOf(said);
  const version2 = groups.filter(({ version }) => version === 2);
  const highs = version2.map((group) => bytesSaid(tree, group, 'memory.high'));
  const limiting = smallest?.group ?? null;
  const memoryLimitBytes = readingOf(said, problem, 'no group has a memory limit');
  return {
    memoryLimitBytes,
    memoryHighBytes:
      version2.length === 0 && problem === null
        ? none('control groups of version 1 have no memory.high')
        : readingOf(highs, problem, 'no group has a memory.high'),
    memoryLimitUsageBytes: usageOf(tree, memoryLimitBytes, limiting),
    limiting,
  };
}

/** Cores that the groups may use on average over a period. */
export function quotaCores(tree: Tree, { groups, problem }: Groups): Reading<number> {
  return readingOf(
    groups.map((group) => quotaSaid(tree, group)),
    problem,
    'no group has a quota',
  );
}

/** Version 1 tells the smallest limit of all levels, those that a container doesn't see among them. */
function aboveSaid(tree: Tree, groups: readonly Group[]): Said[] {
  const own = groups.find(({ version }) => version === 1);
  const limit = own && statOf(tree, own).get('hierarchical_memory_limit');
  if (own === undefined || limit === undefined || limit >= NO_LIMIT_BYTES) return [];
  return [{ limit, file: `/${own.folder}/memory.stat hierarchical_memory_limit`, group: null }];
}

function bytesSaid(tree: Tree, group: Group, name: string): Said {
  const file = `${group.folder}/${name}`;
  const { text, problem, missing } = tree.text(file);
  if (text === null) return missing ? 'none' : { problem };
  const trimmed = text.trim();
  if (trimmed === 'max') return 'none';
  const limit = /^\d{1,19}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (limit > 2 ** 63 || Number.isNaN(limit)) return { problem: `/${file} ${quoted(text)}` };
  return limit >= NO_LIMIT_BYTES ? 'none' : { limit, file: `/${file}`, group };
}

function quotaSaid(tree: Tree, group: Group): Said {
  const name = group.version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us';
  const file = `${group.folder}/${name}`;
  const { text, problem, missing } = tree.text(file);
  if (text === null) return missing ? 'none' : { problem };
  const [quota = '', beside = ''] = text.trim().split(/\s+/);
  if (quota === 'max' || (group.version === 1 && quota === '-1')) return 'none';
  const period = group.version === 2 ? beside : (tree.text(`${group.folder}/cpu.cfs_period_us`).text ?? '');
  const [quotaUs, periodUs] = [wholeNumber(quota), wholeNumber(period)];
  if (quotaUs === null || periodUs === null || periodUs < LEAST_QUOTA_US || periodUs > LONGEST_PERIOD_US)
    return { problem: `/${file} ${quoted(group.version === 2 ? text : `${quota} ${period.trim()}`)}` };
  if (quotaUs < LEAST_QUOTA_US) return { problem: `/${file} ${quoted(text)}, less than the kernel's least of 1 ms` };
  return { limit: quotaUs / periodUs, file: `/${file}`, group };
}

function smallestOf(said: readonly Said[]): Limit | null {
  let smallest: Limit | null = null;
  for (const each of said)
    if (each !== 'none' && 'limit' in each && (smallest === null || each.limit < smallest.limit)) smallest = each;
  return smallest;
}

/** A level that can't be read may hide a smaller limit: that is said beside the smallest of the others. */
function readingOf(said: readonly Said[], problem: string | null, without: string): Reading<number> {
  const problems = said.flatMap((each) => (each !== 'none' && 'problem' in each ? [each.problem] : []));
  if (problem !== null) problems.push(problem);
  const smallest = smallestOf(said);
  if (smallest !== null) return known(smallest.limit, [smallest.file, ...problems].join('; '));
  return problems.length > 0 ? unknown(problems.join('; ')) : none(without);
}

function usageOf(tree: Tree, limit: Reading<number>, group: Group | null): Reading<number> {
  if (limit.none) return none('no group limits memory');
  if (group === null)
    return unknown(limit.value === null ? 'the limit is' : 'the group that sets the limit is not seen here');
  const file = `${group.folder}/${group.version === 2 ? 'memory.current' : 'memory.usage_in_bytes'}`;
  const { text, problem } = tree.text(file);
  if (text === null) return unknown(problem);
  const used = wholeNumber(text);
  if (used === null) return unknown(`/${file} ${quoted(text)}`);
  const prefix = group.version === 2 ? '' : 'total_';
  const stat = statOf(tree, group);
  const [active, inactive] = [stat.get(`${prefix}active_file`), stat.get(`${prefix}inactive_file`)];
  if (active === undefined || inactive === undefined)
    return unknown(`/${group.folder}/memory.stat does not tell the file cache`);
  return known(Math.max(0, used - active - inactive), `/${file} less the file cache in memory.stat`);
}

/** The lines `name number` of a group's memory.stat or the like. */
export function statOf(tree: Tree, { folder }: Group, name = 'memory.stat'): ReadonlyMap<string, number> {
  const { text } = tree.text(`${folder}/${name}`);
  const lines = (text ?? '').matchAll(/^(\w+) (\d{1,19})$/gm);
  return new Map([...lines].map(([, key, value]) => [key, Number(value)]));
}
