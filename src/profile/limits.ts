/** What a board really allows, each value with where it came from. */
import { cacheFolder } from '../files/cache-folder.js';
import { boardModel, jetsonPowerMode } from './board-model.js';
import { groupsOf } from './control-groups.js';
import { allowedCores, clocking } from './cores.js';
import { type DiskKind, diskFree, diskKind } from './disk.js';
import { memoryLimits, quotaCores } from './group-limits.js';
import { memoryInfo, pageSize, ramTotal, zram } from './memory.js';
import { instructions, processorModel } from './processor.js';
import type { Reading } from './reading.js';
import {
  type ThermalZone,
  type Throttled,
  temperature,
  thermalZones,
  throttled,
  throttleTemperature,
  zoneFolders,
} from './thermal.js';
import { systemRoot, Tree } from './tree.js';

export interface Limits {
  /** As the kernel counts it, less than what is soldered on. Swap and zram are no part of it. */
  readonly ramTotalBytes: Reading<number>;
  /** What can be had without swapping, by the kernel's estimate. */
  readonly ramAvailableBytes: Reading<number>;
  readonly swapTotalBytes: Reading<number>;
  readonly zramBytes: Reading<number>;
  /** The smallest of all control groups above the process. 0 is a limit. */
  readonly memoryLimitBytes: Reading<number>;
  readonly memoryHighBytes: Reading<number>;
  /** What the group with that limit uses already, less what the kernel can take back. */
  readonly memoryLimitUsageBytes: Reading<number>;
  /** Cores that the process may run on. */
  readonly cores: Reading<number>;
  /** Cores' worth of time that its control groups give it; may be a fraction. */
  readonly quotaCores: Reading<number>;
  readonly processorModel: Reading<string>;
  /** Architecture and decisive instructions: `arm64 asimddp`. */
  readonly instructions: Reading<string>;
  readonly cpuGovernor: Reading<string>;
  readonly cpuMinMHz: Reading<number>;
  readonly cpuMaxMHz: Reading<number>;
  /** Of the hottest zone. */
  readonly temperatureC: Reading<number>;
  readonly thermalZones: Reading<readonly ThermalZone[]>;
  /** From here on the kernel slows the board down. */
  readonly throttleAtC: Reading<number>;
  readonly throttled: Reading<Throttled>;
  readonly jetsonPowerMode: Reading<string>;
  /** Of the disk that profiles are cached on. */
  readonly diskFreeBytes: Reading<number>;
  readonly diskKind: Reading<DiskKind>;
  readonly pageSizeBytes: Reading<number>;
  readonly boardModel: Reading<string>;
}

/**
 * Reads the limits of the board whose `/proc`, `/sys`, `/etc` and `/var` stand below `root`. Never throws: what can't be read
 * is null with the reason. Plain reads of some forty small files; no process is started, as systeminformation would.
 * @param folder what disk to look at
 */
export function probeLimits(root: string = systemRoot(), folder: string = cacheFolder()): Limits {
  const tree = new Tree(root);
  const { limiting: _, ...memory } = memoryLimits(tree, groupsOf(tree, 'memory'));
  const { cores, numbers } = allowedCores(tree);
  const set = instructions(tree);
  const zones = zoneFolders(tree);
  return {
    ramTotalBytes: ramTotal(tree),
    ramAvailableBytes: memoryInfo(tree, 'MemAvailable'),
    swapTotalBytes: memoryInfo(tree, 'SwapTotal'),
    zramBytes: zram(tree),
    ...memory,
    cores,
    quotaCores: quotaCores(tree, groupsOf(tree, 'cpu')),
    processorModel: processorModel(tree),
    instructions: set,
    ...clocking(tree, numbers),
    temperatureC: temperature(tree, zones),
    thermalZones: thermalZones(tree, zones),
    throttleAtC: throttleTemperature(tree, zones),
    throttled: throttled(tree),
    jetsonPowerMode: jetsonPowerMode(tree),
    diskFreeBytes: diskFree(tree, folder),
    diskKind: diskKind(tree, folder),
    pageSizeBytes: pageSize(tree, set.value),
    boardModel: boardModel(tree),
  };
}
