/** What the board leaves to this process, as the probe found it: memory, cores, heat, pages, disk. */
import type { Limits, Reading } from '../profile/index.js';
import { bad, type Check, good } from './check.js';

/** Node, onnxruntime and a small profile together, with some air. */
const LEAST_MEMORY_BYTES = 150e6;
/** Weights are laid out for pages up to this size. */
const LARGEST_PAGE_BYTES = 65_536;

export function memoryCheck(limits: Limits): Check {
  const { ramAvailableBytes: available, memoryLimitBytes: limit, memoryLimitUsageBytes: used } = limits;
  const detail = [
    available.value === null ? `available memory ${available.source}` : `${megabytes(available.value)} available`,
    limit.value === null
      ? `control group limit ${limit.none ? 'none' : limit.source}`
      : `control group limit ${megabytes(limit.value)}${used.value === null ? '' : `, ${megabytes(used.value)} of it in use`}`,
  ].join(', ');
  const left = [available.value, limit.value].filter((bytes) => bytes !== null);
  if (left.every((bytes) => bytes >= LEAST_MEMORY_BYTES)) return good('memory', detail);
  return bad('memory', detail, `End other programs or raise the limit: Snug wants ${megabytes(LEAST_MEMORY_BYTES)}.`);
}

export function coresCheck({ cores, quotaCores }: Limits): Check {
  const quota =
    quotaCores.value === null ? shortly(quotaCores, 'no quota', 'quota') : `quota of ${quotaCores.value.toFixed(2)}`;
  return good('cores', `${cores.value ?? cores.source}, ${quota}`);
}

export function swapCheck({ swapTotalBytes, zramBytes }: Limits): Check {
  const swap = swapTotalBytes.value === null ? swapTotalBytes.source : megabytes(swapTotalBytes.value);
  const zram = zramBytes.value === null ? shortly(zramBytes, 'no zram', 'zram') : `zram ${megabytes(zramBytes.value)}`;
  return good('swap', `${swap}, ${zram}; neither counts as memory`);
}

/** A board that is slowed down works, but not as fast as it was measured. */
export function temperatureCheck({ temperatureC, throttleAtC, throttled }: Limits): Check {
  const detail = [
    temperatureC.value === null ? temperatureC.source : `${temperatureC.value.toFixed(1)} °C`,
    ...(throttleAtC.value === null ? [] : [`the kernel slows down at ${throttleAtC.value.toFixed(0)} °C`]),
    ...(throttled.value === null
      ? [`slowing down ${throttled.source}`]
      : [
          throttled.value.now.length === 0 ? 'not slowed down' : `now: ${throttled.value.now.join(', ')}`,
          ...(throttled.value.sinceBoot.length === 0 ? [] : [`since boot: ${throttled.value.sinceBoot.join(', ')}`]),
        ]),
  ].join('; ');
  if (throttled.value === null || throttled.value.now.length === 0) return good('temperature', detail);
  const power = throttled.value.now.includes('under-voltage');
  return bad(
    'temperature',
    detail,
    power ? 'Give the board a stronger power supply or a shorter cable.' : 'Cool the board, or let it do less.',
  );
}

export function pageSizeCheck({ pageSizeBytes: { value, source } }: Limits): Check {
  if (value === null) return good('page size', source);
  const detail = `${value / 1024} KiB`;
  if (value <= LARGEST_PAGE_BYTES) return good('page size', detail);
  return bad('page size', detail, `Use a kernel with pages of at most ${LARGEST_PAGE_BYTES / 1024} KiB.`);
}

/** How fast weights come back from the disk of the cache folder after memory got short. */
export function diskCheck({ diskKind, diskFreeBytes }: Limits): Check {
  const free = diskFreeBytes.value === null ? '' : `, ${megabytes(diskFreeBytes.value)} free`;
  return good('disk', `${diskKind.value ?? diskKind.source}${free}`);
}

function shortly(reading: Reading<unknown>, without: string, what: string): string {
  return reading.none ? without : `${what} ${reading.source}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
