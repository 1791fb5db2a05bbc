/** How many datagrams the kernel dropped at a port because nobody took them in time, from `/proc/net/udp`. */
import { readFile } from 'node:fs/promises';

/** Undefined where the system doesn't tell. Counts from when the socket was opened. */
export async function kernelDrops(port: number, family: 'udp4' | 'udp6'): Promise<number | undefined> {
  const table = await readFile(family === 'udp6' ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => '');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const counts = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hex}`))
    .map((columns) => Number(columns.at(-1)));
  return counts.length === 0 || counts.some(Number.isNaN) ? undefined : Math.max(...counts);
}
