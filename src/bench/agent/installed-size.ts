/** What a board gets: the product and its dependencies, without what other platforms need and what only development does. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Folders that hold one platform's files, and how this one's is called there. */
const platformFolders: readonly { readonly parent: RegExp; readonly ours: RegExp }[] = [
  { parent: /\/onnxruntime-node\/bin\/napi-v\d+$/, ours: new RegExp(`^${process.platform}$`) },
  { parent: /\/onnxruntime-node\/bin\/napi-v\d+\/[^/]+$/, ours: new RegExp(`^${process.arch}$`) },
  { parent: /\/prebuilds$/, ours: new RegExp(`^${process.platform}-(x64\\+)?${process.arch}(\\+x64)?$`) },
];

/** Bytes of `dist`, the device profiles and what `npm ci --omit=dev --omit=optional` brings for this platform. */
export async function installedBytes(packageRoot: string): Promise<number> {
  const lock = JSON.parse(await readFile(join(packageRoot, 'package-lock.json'), 'utf8'));
  const packages: [string, { dev?: true; optional?: true; devOptional?: true }][] = Object.entries(lock.packages);
  const wanted = packages
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path]) => join(packageRoot, path));
  let bytes = 0;
  for (const folder of ['dist', 'device-profiles']) bytes += await bytesBelow(join(packageRoot, folder));
  // A package below another one is counted with it.
  const tops = wanted.filter((path) => !wanted.some((other) => path !== other && path.startsWith(`${other}${sep}`)));
  for (const path of tops) bytes += await bytesBelow(path);
  return bytes;
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const parted = platformFolders.find(({ parent }) => parent.test(folder.replaceAll(sep, '/')));
  for (const entry of entries) {
    if (parted && entry.isDirectory() && !parted.ours.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    else if (entry.isFile()) bytes += (await lstat(path)).size;
  }
  return bytes;
}
