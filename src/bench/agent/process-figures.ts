/** What Linux says of a process tree: processor time, bytes written to disk, open files. */
import { readdirSync, readFileSync } from 'node:fs';
import { treeOf } from '../process-memory.js';

/** Ticks of the kernel's clock a second, as `/proc` counts processor time. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a tree has used. */
export function cpuSecondsOf(pid: number): number {
  return sum(pid, (member) => {
    const stat = read(`/proc/${member}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  });
}

/** Bytes that a tree has caused to be written to a disk. */
export function writtenBytesOf(pid: number): number {
  return sum(pid, (member) => Number(/^write_bytes: (\d+)/m.exec(read(`/proc/${member}/io`))?.[1]));
}

/** Open files and sockets of a tree. */
export function handlesOf(pid: number): number {
  return sum(pid, (member) => {
    try {
      return readdirSync(`/proc/${member}/fd`).length;
    } catch {
      return 0;
    }
  });
}

function sum(pid: number, figure: (member: number) => number): number {
  return treeOf(pid).reduce((total, member) => total + (figure(member) || 0), 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}
