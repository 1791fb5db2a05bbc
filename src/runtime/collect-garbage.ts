/** Frees what nobody refers to any more, where matrices come and go faster than the collector takes notice of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Takes a few milliseconds: for work that is done once and is short of memory, such as cutting a profile. */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
