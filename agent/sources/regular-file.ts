/** What is read by its offset must be a regular file. */
import type { Stats } from 'node:fs';
import { SnugError } from '../../src/errors/index.js';

/** The error for a path at which something else stands. `remedy`: for what is no folder either. */
export function noRegularFile(path: string, there: Stats, remedy?: string): SnugError {
  if (there.isDirectory())
    return new SnugError('SOURCE_UNREADABLE', `${path} is a folder`, { remedy: 'Name a file in it.' });
  return new SnugError('SOURCE_UNREADABLE', `${path} is not a regular file`, { remedy });
}
