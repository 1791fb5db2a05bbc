/** The repository as the house's tests see it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is not ours or not written by hand. */
const passedOver = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage']);

/** Every file below a folder of the repository, as a path from its root with forward slashes. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (passedOver.has(entry.name)) return [];
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The files of the repository that a TypeScript file imports, types included. */
export function importsOf(path: string): string[] {
  const found = textOf(path).matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)\.js'/gm);
  return [...found].map(([, target]) => `${posix.join(dirname(path), target)}.ts`);
}

/** The room that a file stands in: a folder below src, or agent. */
export function roomOf(path: string): string {
  const [top, second, ...rest] = path.split('/');
  if (top !== 'src') return top;
  return rest.length > 0 ? `src/${second}` : 'src/index.ts';
}
