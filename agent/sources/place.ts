/** Places in files as they come back from the disk, where a person or a fault may have changed them. */
import type { Place } from './growing-file.js';

/** Undefined where it is no place. */
export function placeOf(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { file, at, sum } = value as Partial<Record<keyof Place, unknown>>;
  if (typeof file !== 'string' || typeof sum !== 'number') return undefined;
  return typeof at === 'number' && Number.isSafeInteger(at) && at >= 0 ? { file, at, sum } : undefined;
}

/** The inode alone: a device may have another number after a restart. */
export function inodeOf({ file }: Place): string {
  return file.slice(file.indexOf(':') + 1);
}
