/**
 * The control groups that this process is in, and all above them: each may set a limit. Version 1, version 2 and both at once
 * (cgroups(7); Documentation/admin-guide/cgroup-v2.rst of the kernel).
 */
import { shortened } from './reading.js';
import type { Tree } from './tree.js';

export interface Group {
  /** Its folder below the root of the tree: `sys/fs/cgroup/system.slice`. */
  readonly folder: string;
  /** Of the kernel's interface. */
  readonly version: 1 | 2;
}

export interface Groups {
  /** The process's own first, then what is above it. */
  readonly groups: readonly Group[];
  /** Why there may be more groups than these, or null. */
  readonly problem: string | null;
}

interface Mount {
  readonly version: 1 | 2;
  /** Where it is mounted, without a slash before it. */
  readonly at: string;
  /** Which group is seen there; containers see only their own. */
  readonly root: string;
}

const MEMBERSHIP = 'proc/self/cgroup';
const DEEPEST = 64;

/** The groups with the given controller. Reads the tree anew at every call. */
export function groupsOf(tree: Tree, controller: 'memory' | 'cpu'): Groups {
  const { text, problem } = tree.text(MEMBERSHIP);
  if (text === null) return { groups: [], problem };
  const found: Group[] = [];
  const problems: string[] = [];
  let named = false;
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const version = controllers === '' ? 2 : 1;
    if (version === 1 && !controllers.split(',').includes(controller)) continue;
    named = true;
    if (path.split('/').includes('..')) {
      problems.push(`/${MEMBERSHIP} names the group ${shortened(path)}, outside of what is seen here`);
      continue;
    }
    const mounts = mountsOf(tree, version, controller) ?? usualMounts(version, controllers, controller);
    for (const mount of mounts) {
      const below = pathBelow(mount.root, path);
      if (below === null)
        problems.push(`the group ${shortened(path)} is not below ${mount.root}, which is mounted on /${mount.at}`);
      else found.push(...upwards(mount, below).filter(({ folder }) => tree.isThere(folder)));
    }
  }
  if (!named) problems.push(`/${MEMBERSHIP} names no group for ${controller}`);
  else if (found.length === 0 && problems.length === 0) problems.push('no control groups are mounted');
  return { groups: found, problem: problems.length > 0 ? problems.join('; ') : null };
}

/** Where the groups are mounted, as proc(5) tells it; null where it doesn't. */
function mountsOf(tree: Tree, version: 1 | 2, controller: string): Mount[] | null {
  const { text } = tree.once('proc/self/mountinfo');
  const mounts = (text ?? '').split('\n').flatMap((line): Mount[] => {
    const [before, after] = line.split(' - ');
    const [, , , root, at] = before.split(' ');
    const [kind, , options = ''] = (after ?? '').split(' ');
    const fits = version === 2 ? kind === 'cgroup2' : kind === 'cgroup' && options.split(',').includes(controller);
    return fits && at?.startsWith('/') ? [{ version, root: unescaped(root), at: unescaped(at).slice(1) }] : [];
  });
  return mounts.length > 0 ? mounts : null;
}

function usualMounts(version: 1 | 2, controllers: string, controller: string): Mount[] {
  const names = version === 2 ? ['', '/unified'] : [...new Set([`/${controllers}`, `/${controller}`])];
  return names.map((name) => ({ version, root: '/', at: `sys/fs/cgroup${name}` }));
}

function pathBelow(root: string, path: string): string | null {
  if (root === '/') return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

function upwards({ at, version }: Mount, path: string): Group[] {
  const names = path.split('/').filter((name) => name !== '');
  const depth = Math.min(names.length, DEEPEST);
  return Array.from({ length: depth + 1 }, (_, up) => ({
    folder: [at, ...names.slice(0, depth - up)].join('/'),
    version,
  }));
}

/** Blanks and the like stand in mountinfo as `\040`. */
export function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
