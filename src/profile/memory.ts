/** RAM, swap and the size of a memory page. */
import { totalmem } from 'node:os';
import { known, none, quoted, type Reading, unknown, wholeNumber } from './reading.js';
import type { Tree } from './tree.js';

const MEMINFO = 'proc/meminfo';
const AUXILIARY = 'proc/self/auxv';
/** Of the auxiliary vector: its end, and the page size (elf.h). */
const AT_NULL = 0;
const AT_PAGESZ = 6;

/** Bytes of a line of meminfo. Reads the file anew at every call. */
export function memoryInfo(tree: Tree, key: 'MemTotal' | 'MemAvailable' | 'SwapTotal' | 'SwapFree'): Reading<number> {
  const { text, problem } = tree.text(MEMINFO);
  if (text === null) return unknown(problem);
  const line = new RegExp(`^${key}:(.*)$`, 'm').exec(text)?.[1];
  if (line === undefined) return unknown(`/${MEMINFO} has no line ${key}`);
  const kibibytes = wholeNumber(/^\s*(\S+)\s+kB\s*$/.exec(line)?.[1] ?? '');
  if (kibibytes === null || !Number.isSafeInteger(kibibytes * 1024))
    return unknown(`/${MEMINFO} ${key} ${quoted(line)}`);
  return known(kibibytes * 1024, `/${MEMINFO} ${key}`);
}

/** RAM as the kernel counts it: without what it keeps for itself and for a graphics processor. */
export function ramTotal(tree: Tree): Reading<number> {
  const total = memoryInfo(tree, 'MemTotal');
  if (total.value === 0) return unknown(`/${MEMINFO} MemTotal is 0`);
  // Not Linux: the running process knows of its own machine.
  return total.value === null && tree.live ? known(totalmem(), 'the operating system') : total;
}

/** Compressed swap in RAM: it stretches RAM, but is none. Bytes before compression. */
export function zram(tree: Tree): Reading<number> {
  const devices = tree.names('sys/block');
  if (devices.length === 0) return unknown('/sys/block lists no device');
  const files = devices.filter((name) => /^zram\d+$/.test(name)).map((name) => `sys/block/${name}/disksize`);
  if (files.length === 0) return none('/sys/block lists no zram');
  let bytes = 0;
  for (const file of files) {
    const { text, problem } = tree.text(file);
    if (text === null) return unknown(problem);
    const size = wholeNumber(text);
    if (size === null) return unknown(`/${file} ${quoted(text)}`);
    bytes += size;
  }
  return known(bytes, files.map((file) => `/${file}`).join(' + '));
}

/** From what the kernel hands to every program; else as the processor's family has it. */
export function pageSize(tree: Tree, instructions: string | null): Reading<number> {
  const bytes = tree.bytes(AUXILIARY);
  for (const width of [8, 4]) {
    const size = bytes && auxiliaryPageSize(bytes, width);
    if (size !== null) return known(size, `/${AUXILIARY}`);
  }
  const { text } = tree.text('proc/self/smaps');
  const kibibytes = wholeNumber(/^KernelPageSize:\s+(\d+) kB$/m.exec(text ?? '')?.[1] ?? '');
  if (kibibytes !== null && isPageSize(kibibytes * 1024))
    return known(kibibytes * 1024, '/proc/self/smaps KernelPageSize');
  if (instructions?.startsWith('x64')) return known(4096, 'x64 has pages of 4 KiB');
  return unknown(`/${AUXILIARY} does not tell it`);
}

/** Pairs of key and value, each a machine word of `width` bytes, little-endian. */
function auxiliaryPageSize(bytes: Buffer, width: number): number | null {
  const word = (at: number) => (width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at));
  for (let at = 0; at + 2 * width <= bytes.length; at += 2 * width) {
    const key = word(at);
    if (key === AT_NULL) return null;
    if (key === AT_PAGESZ) return isPageSize(word(at + width)) ? word(at + width) : null;
  }
  return null;
}

function isPageSize(bytes: number): boolean {
  return bytes >= 4096 && bytes <= 65_536 && Number.isInteger(Math.log2(bytes));
}
