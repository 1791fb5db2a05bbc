/** Sources of text: one file a kind, all behind the interface in source.ts. */
import { FileSource } from './file.js';
import { FollowSource } from './follow.js';
import type { SourceOptions } from './options.js';
import { SerialSource } from './serial.js';
import type { Source } from './source.js';
import { StdinSource } from './stdin.js';

export type { SourceKind, SourceOptions } from './options.js';
export type { Source, SourceSink } from './source.js';

/** Makes a source of options that were checked by `sourceOptions` (options.ts); it opens nothing before `start`. */
export function createSource(name: string, options: SourceOptions): Source {
  switch (options.kind) {
    case 'stdin':
      return new StdinSource(name);
    case 'file':
      return new FileSource(name, options.path);
    case 'follow':
      return new FollowSource(name, options.path);
    case 'serial':
      return new SerialSource(name, options);
  }
}
