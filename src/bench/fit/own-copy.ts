/**
 * A copy of Node, the runtime and Snug for one control group: memory of a file is counted where it was first read, and this process
 * has read the usual ones, so a board of its own would count what a group here would not.
 */
import { spawnSync } from 'node:child_process';
import { cp, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../files/index.js';

const RUNTIME = 'onnxruntime-node';

export interface OwnCopy {
  readonly node: string;
  readonly cli: string;
  /** Takes its files out of the page cache, so that the next group counts them again. */
  forget(): void;
}

export async function ownCopy(packageRoot: string, folder: string): Promise<OwnCopy> {
  const modules = join(folder, 'node_modules');
  await makeFolder(modules);
  const node = join(folder, 'node');
  await cp(process.execPath, node, { dereference: true });
  for (const name of ['dist', 'package.json'])
    await cp(join(packageRoot, name), join(folder, name), { recursive: true });
  for (const name of await readdir(join(packageRoot, 'node_modules')))
    if (name !== RUNTIME) await symlink(join(packageRoot, 'node_modules', name), join(modules, name));
  const runtime = join(modules, RUNTIME);
  await cp(join(packageRoot, 'node_modules', RUNTIME), runtime, { recursive: true, filter: isForThisMachine });
  const libraries = (await readdir(runtime, { recursive: true })).filter((name) => /\.(so[.\d]*|node)$/.test(name));
  const files = [node, ...libraries.map((name) => join(runtime, name))];
  return { node, cli: join(folder, 'dist', 'src', 'cli', 'main.js'), forget: () => files.forEach(dropFromCache) };
}

/** The runtime brings its libraries for every system. */
function isForThisMachine(path: string): boolean {
  const [, system, architecture] = /\/bin\/[^/]+\/(\w+)(?:\/(\w+))?/.exec(path) ?? [];
  return (
    (system === undefined || system === process.platform) &&
    (architecture === undefined || architecture === process.arch)
  );
}

/** GNU's dd tells the kernel so; without it the group counts less than it should, which only makes the benchmark stricter. */
function dropFromCache(file: string): void {
  spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
}
