/** The folder that an export becomes: what may stand there before, and how it is written whole. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { makeFolder, replaceFolder } from '../files/index.js';
import { ownKey } from './model-config.js';

/** Bytes, or what writes a file and tells how many they were. */
export type FileContent = Uint8Array | ((path: string) => Promise<{ readonly bytes: number }>);

/** Files by their names in the folder. */
export type Content = readonly (readonly [name: string, content: FileContent])[];

/** Every name that an export of any kind writes. */
const NAMES: ReadonlySet<string> = new Set([
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'README.md',
  'onnx/model.onnx',
  'model.safetensors',
  'modules.json',
  'sentence_bert_config.json',
  '1_Pooling/config.json',
  '2_Normalize/config.json',
  '3_Dense/config.json',
  '3_Dense/model.safetensors',
]);

const FOLDERS: ReadonlySet<string> = new Set([...NAMES].map((name) => dirname(name)).filter((name) => name !== '.'));

/**
 * Writes what `make` gives beside its place and renames it there; gives the bytes of each file.
 * @param bundle its folder, which can hold nothing else
 * @throws EXPORT_WRITE, DISK_FULL, and what `make` throws
 */
export async function writeExport(
  bundle: string,
  folder: string,
  make: () => Promise<Content>,
): Promise<Record<string, number>> {
  const target = resolve(folder);
  try {
    refuseInside(resolve(bundle), target);
    await refuseForeign(target);
    const files = await make();
    const written: Record<string, number> = {};
    await replaceFolder(target, async (staging) => {
      for (const [name, content] of files) {
        const path = join(staging, name);
        await makeFolder(dirname(path));
        if (typeof content === 'function') written[name] = (await content(path)).bytes;
        else {
          await writeFile(path, content, { flush: true });
          written[name] = content.length;
        }
      }
    });
    return written;
  } catch (error) {
    if (error instanceof SnugError) throw error;
    const code = systemCodeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'EXPORT_WRITE';
    throw new SnugError(code, `${target}: ${messageOf(error)}`, { cause: error });
  }
}

export const jsonBytes = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/** A bundle is whole only without other files in it. */
function refuseInside(bundle: string, target: string): void {
  const way = relative(bundle, target);
  if (way === '..' || way.startsWith(`..${sep}`)) return;
  throw new SnugError('EXPORT_WRITE', `${target}: lies in the bundle, which can hold nothing else`, {
    remedy: 'Choose a folder outside the bundle.',
  });
}

/** Only an empty folder or an earlier export, known by a key in its config.json, may be replaced. */
async function refuseForeign(target: string): Promise<void> {
  const names = await namesIn(target);
  if (names.length === 0) return;
  const foreign = names.find((name) => !NAMES.has(name)) ?? ((await isExport(target)) ? undefined : names[0]);
  if (foreign === undefined) return;
  throw new SnugError('EXPORT_WRITE', `${target}: ${foreign} is there, which snug export did not write`, {
    remedy: 'Choose a new folder, or one that an earlier export wrote.',
  });
}

/** What stands in a folder, and in those of its folders that an export has; nothing where it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  const read = (path: string) =>
    readdir(path).catch((error: unknown): string[] => {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw error;
    });
  const names: string[] = [];
  for (const name of await read(folder)) {
    if (!FOLDERS.has(name)) names.push(name);
    else for (const inside of await read(join(folder, name))) names.push(`${name}/${inside}`);
  }
  return names;
}

async function isExport(folder: string): Promise<boolean> {
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    return typeof config === 'object' && config !== null && ownKey in config;
  } catch {
    return false;
  }
}
