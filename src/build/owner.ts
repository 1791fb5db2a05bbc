/** Whose a build's folder is: the process at work there, and the inputs that what is there was made of. */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../bundle/making.js';

/** The file that says so. */
export const OWNER = 'build.json';

/** All that a result depends on, by what a person calls it. */
export type Inputs = Readonly<Record<string, unknown>>;

interface Owner {
  readonly pid: number;
  /** When that process began, in the kernel's ticks: another one may have its number by now. */
  readonly began?: string;
  /** A digest of each input. */
  readonly inputs: Readonly<Record<string, string>>;
}

export async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    const { pid, began, inputs } = JSON.parse(await readFile(join(folder, OWNER), 'utf8'));
    const isOwner = typeof pid === 'number' && typeof inputs === 'object' && inputs !== null;
    return isOwner ? { pid, began, inputs } : undefined;
  } catch {
    return undefined; // none, or damaged
  }
}

/** Makes the folder this process's. Beside its place first: a kill in this moment must not make what was done nobody's. */
export async function takeOver(folder: string, inputs: Inputs): Promise<void> {
  const path = join(folder, OWNER);
  const owner: Owner = { pid: process.pid, began: await beginningOf(process.pid), inputs: digestsOf(inputs) };
  await writeFile(`${path}.new`, JSON.stringify(owner), { flush: true });
  await rename(`${path}.new`, path);
}

/** Whether another process is at work in its folder. */
export async function isAtWork({ pid, began }: Owner): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  const there = await beginningOf(pid);
  return began === undefined || there === undefined || there === began;
}

/** The names of inputs that were others. */
export function differing(owner: Owner, inputs: Inputs): string[] {
  const own = digestsOf(inputs);
  const names = new Set([...Object.keys(own), ...Object.keys(owner.inputs)]);
  return [...names].filter((name) => own[name] !== owner.inputs[name]);
}

const digestsOf = (inputs: Inputs) =>
  Object.fromEntries(
    Object.entries(inputs)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)]),
  );

/** Undefined where there is no /proc. The name before it, in brackets, may hold anything. */
async function beginningOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
