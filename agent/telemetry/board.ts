/** Facts about the board, and what it feels right now. `SNUG_SYSROOT` gives another tree to read `/proc` and `/sys` from. */
import { readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Board {
  readonly hostname: string;
  /** As the device tree names it; undefined on machines without one. */
  readonly model: string | undefined;
  readonly arch: string;
  readonly cores: number;
  readonly ramBytes: number;
}

const root = () => process.env.SNUG_SYSROOT ?? '/';

function read(...path: string[]): string | undefined {
  try {
    return readFileSync(join(root(), ...path), 'utf8');
  } catch {
    return undefined; // not on this board
  }
}

export function readBoard(): Board {
  const kilobytes = /^MemTotal:\s+(\d+) kB/m.exec(read('proc/meminfo') ?? '')?.[1];
  return {
    hostname: hostname(),
    model: read('proc/device-tree/model')?.replaceAll('\0', '').trim() || undefined,
    arch: arch(),
    cores: availableParallelism(),
    ramBytes: kilobytes === undefined ? totalmem() : Number(kilobytes) * 1024,
  };
}

/** The hottest thermal zone in °C, or null where there is none. */
export function temperatureC(): number | null {
  const folder = 'sys/class/thermal';
  let zones: string[];
  try {
    zones = readdirSync(join(root(), folder)).filter((name) => name.startsWith('thermal_zone'));
  } catch {
    return null;
  }
  const degrees = zones
    .map((zone) => Number.parseInt(read(folder, zone, 'temp') ?? '', 10) / 1000) // the kernel gives thousandths
    .filter((value) => value > -50 && value < 200);
  return degrees.length > 0 ? Math.max(...degrees) : null;
}
