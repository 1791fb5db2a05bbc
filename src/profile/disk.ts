/** The disk that a folder is on: how much is free, and what kind it is. */
import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, systemCodeOf } from '../errors/index.js';
import { unescaped } from './control-groups.js';
import { known, type Reading, unknown } from './reading.js';
import type { Tree } from './tree.js';

export type DiskKind = 'sd' | 'emmc' | 'nvme' | 'ssd' | 'hdd' | 'usb' | 'ram';

/** Bytes that this user may still write where the folder is, or would be made. Only a running machine can tell. */
export function diskFree(tree: Tree, folder: string): Reading<number> {
  if (!tree.live) return unknown('a captured tree does not tell how full a disk is');
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return known(bavail * bsize, `statfs of ${at}`);
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || at === dirname(at))
        return unknown(`statfs of ${at}: ${messageOf(error)}`);
    }
  }
}

export function diskKind(tree: Tree, folder: string): Reading<DiskKind> {
  const { text, problem } = tree.once('proc/self/mountinfo');
  if (text === null) return unknown(problem);
  const mount = mountOf(text, resolve(folder));
  if (mount === null) return unknown('/proc/self/mountinfo has no mount for the folder');
  if (mount.kind === 'tmpfs' || mount.kind === 'ramfs')
    return known('ram', `/proc/self/mountinfo: ${mount.kind} on ${mount.at}`);
  const device = deviceOf(tree, mount);
  return device === null
    ? unknown(`${mount.at} is ${mount.kind} on ${mount.source}, which is no disk in /sys/block`)
    : kindOf(tree, device);
}

interface Mount {
  readonly at: string;
  readonly kind: string;
  readonly source: string;
  /** Major and minor number: `179:2`. */
  readonly numbers: string;
}

/** The mount that a path is on: the longest above it, of equals the last, which covers the others. */
function mountOf(mountinfo: string, path: string): Mount | null {
  let best: Mount | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , numbers, , mounted] = before.split(' ');
    const [kind, source] = (after ?? '').split(' ');
    if (mounted === undefined || !kind || !source) continue;
    const at = unescaped(mounted);
    const above = at === '/' || path === at || path.startsWith(`${at}/`);
    if (above && (best === null || at.length >= best.at.length)) best = { at, kind, source, numbers };
  }
  return best;
}

/** The whole disk of a partition, of what lies below a mapped device: `mmcblk0`, `nvme0n1`, `sda`. */
function deviceOf(tree: Tree, { numbers, source }: Mount): string | null {
  const disks = tree.names('sys/block');
  let name = tree.linkName(`sys/dev/block/${numbers}`) ?? /^\/dev\/(?:mapper\/)?([\w-]+)$/.exec(source)?.[1] ?? null;
  for (let depth = 0; name !== null && depth < 8; depth++) {
    const partition: string = name;
    const disk =
      disks.find((each) => each === partition || tree.isThere(`sys/block/${each}/${partition}`)) ??
      diskByName(partition, disks);
    if (disk === undefined) return null;
    const [below] = tree.names(`sys/block/${disk}/slaves`);
    if (below === undefined) return disk;
    name = below;
  }
  return null;
}

function diskByName(partition: string, disks: readonly string[]): string | undefined {
  return disks.find((disk) => partition.startsWith(disk) && /^p?\d+$/.test(partition.slice(disk.length)));
}

function kindOf(tree: Tree, device: string): Reading<DiskKind> {
  const folder = `sys/block/${device}`;
  if (/^mmcblk/.test(device)) {
    const type = tree.text(`${folder}/device/type`).text?.trim();
    if (type === 'SD' || type === 'MMC') return known(type === 'SD' ? 'sd' : 'emmc', `/${folder}/device/type`);
    return unknown(`/${folder}/device/type does not say whether it is a card or soldered on`);
  }
  if (/^nvme/.test(device)) return known('nvme', `the name ${device}`);
  if (/^(zram|ram)\d/.test(device)) return known('ram', `the name ${device}`);
  if (/^(vd|xvd)/.test(device)) return unknown(`${device} is a virtual disk`);
  const { text, problem } = tree.text(`${folder}/queue/rotational`);
  if (text === null) return unknown(problem);
  if (text.trim() === '0') return known('ssd', `/${folder}/queue/rotational`);
  if (text.trim() !== '1') return unknown(`/${folder}/queue/rotational is neither 0 nor 1`);
  // Sticks call themselves rotational.
  if (tree.realPath(folder)?.includes('/usb')) return known('usb', `/${folder} is behind USB`);
  return known('hdd', `/${folder}/queue/rotational`);
}
