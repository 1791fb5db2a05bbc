/** Facts about the board for the `info` message, from the probe: what it doesn't know is null. */
import { hostname } from 'node:os';
import { probeLimits } from '../../src/profile/index.js';

export interface Board {
  readonly hostname: string;
  /** As the device tree or the firmware names it; undefined where neither does. */
  readonly model: string | undefined;
  /** By Node's names: `arm64`. */
  readonly arch: string | null;
  readonly cores: number | null;
  readonly ramBytes: number | null;
}

export function readBoard(root?: string): Board {
  const { boardModel, instructions, cores, ramTotalBytes } = probeLimits(root);
  return {
    hostname: hostname(),
    model: boardModel.value ?? undefined,
    arch: instructions.value?.split(' ')[0] ?? null,
    cores: cores.value,
    ramBytes: ramTotalBytes.value,
  };
}
