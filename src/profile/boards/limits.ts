/** The limits of a board that is not here, for planning. They never stand in for what a probe has measured. */
import type { Limits } from '../limits.js';
import { known, none, type Reading, unknown } from '../reading.js';
import type { Board } from './load.js';

/** Each value with the address of its source; what a board profile can't know is unknown. */
export function limitsOfBoard(board: Board): Limits {
  const { name, ram, cores, processor, instructions, page, storage, thermal, defaults } = board;
  const from = (source: string) => `board profile ${name}: ${board.sources[source]}`;
  const untold: Reading<never> = unknown(`the board profile ${name} does not tell it`);
  const without: Reading<never> = none(`a board profile has no control groups`);
  const total =
    ram.usableBytes === undefined || ram.usableSource === undefined
      ? known(ram.nominalBytes, `${from(ram.source)} (nominal; the kernel counts less)`)
      : known(ram.usableBytes, from(ram.usableSource));
  const availableBytes = Math.max(0, (total.value ?? 0) - defaults.reserveBytes);
  return {
    ramTotalBytes: total,
    ramAvailableBytes: known(
      availableBytes,
      `board profile ${name}: less ${megabytes(defaults.reserveBytes)} for the system`,
    ),
    swapTotalBytes: untold,
    zramBytes: untold,
    memoryLimitBytes: without,
    memoryHighBytes: without,
    memoryLimitUsageBytes: without,
    cores: known(cores.count, from(cores.source)),
    quotaCores: without,
    processorModel: known(processor.microarchitecture, from(processor.source)),
    instructions: known(instructions.set, from(instructions.source)),
    cpuGovernor: untold,
    cpuMinMHz: untold,
    cpuMaxMHz: known(processor.maxMHz, from(processor.source)),
    temperatureC: untold,
    thermalZones: untold,
    throttleAtC: thermal === undefined ? untold : known(thermal.throttleAtC, from(thermal.source)),
    throttled: untold,
    jetsonPowerMode: untold,
    diskFreeBytes: untold,
    diskKind: storage.kinds.length === 1 ? known(storage.kinds[0], from(storage.source)) : untold,
    pageSizeBytes: page === undefined ? pageOf(instructions.set, untold) : known(page.sizeBytes, from(page.source)),
    boardModel: known(board.title, `board profile ${name}`),
  };
}

function pageOf(instructions: string, untold: Reading<never>): Reading<number> {
  return instructions.startsWith('x64') ? known(4096, 'x64 has pages of 4 KiB') : untold;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
