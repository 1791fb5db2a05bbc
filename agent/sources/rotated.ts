/** The files that had a name since it was read: where they are now, and where reading goes on in each. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Place } from './growing-file.js';
import { inodeOf } from './place.js';

/** A folder with more files that begin with the name is not searched further. */
const MOST_FILES = 1000;

export interface FileSince {
  readonly path: string;
  readonly place: Place | 'start';
  readonly isCurrent: boolean;
}

interface Candidate {
  readonly path: string;
  readonly inode: string;
  readonly changedMs: number;
  readonly isCurrent: boolean;
}

/**
 * What is to be read, in the order in which it was written: the files of `places`, those that were rotated away after them, and
 * the one that has the name. `missing` says that something can't be found any more. Compressed files are not read.
 */
export async function filesSince(
  places: readonly Place[],
  path: string,
): Promise<{ found: FileSince[]; missing: string | undefined }> {
  const candidates = await candidatesOf(path);
  const placed = places.map((place) => ({ place, file: candidates.find(({ inode }) => inode === inodeOf(place)) }));
  const known = placed.flatMap(({ place, file }) => (file === undefined ? [] : [{ ...file, place }]));
  const lost = placed.find(({ file }) => file === undefined);
  const newest = known.toSorted(byAge).at(-1);
  // Where the file read last is gone, what was rotated away after it can't be told from what was before.
  const later =
    lost !== undefined || newest === undefined || known.some(({ isCurrent }) => isCurrent)
      ? []
      : candidates.filter(
          (each) => !each.isCurrent && byAge(each, newest) > 0 && !known.some(({ inode }) => inode === each.inode),
        );
  const current = candidates.filter((each) => each.isCurrent && !known.some(({ inode }) => inode === each.inode));
  const found = [...known, ...[...later, ...current].map((each) => ({ ...each, place: 'start' as const }))];
  return {
    found: found.sort((a, b) => Number(a.isCurrent) - Number(b.isCurrent) || byAge(a, b)),
    missing: lost && `what stood behind byte ${lost.place.at} of the file that was ${path}: it is gone`,
  };
}

/** The oldest first, by the last write; where that was in one tick of the clock, by name: `.2` before `.1`, dates as they go. */
function byAge(a: Candidate, b: Candidate): number {
  return a.changedMs - b.changedMs || rankOf(a.path) - rankOf(b.path);
}

function rankOf(path: string): number {
  const number = Number(/(\d+)$/.exec(path)?.[1] ?? 0);
  return number < 10_000 ? -number : number;
}

async function candidatesOf(path: string): Promise<Candidate[]> {
  const folder = dirname(path);
  const name = basename(path);
  const names = (await readdir(folder).catch(() => [])).filter(
    (each) => each.startsWith(name) && !/\.(gz|bz2|xz|zst|lz4|zip)$/.test(each),
  );
  const candidates: Candidate[] = [];
  for (const each of names.slice(0, MOST_FILES)) {
    const there = await stat(join(folder, each)).catch(() => undefined);
    if (there?.isFile())
      candidates.push({
        path: join(folder, each),
        inode: String(there.ino),
        changedMs: there.mtimeMs,
        isCurrent: each === name,
      });
  }
  return candidates;
}
