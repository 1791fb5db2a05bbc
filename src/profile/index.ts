/** What a board allows and what it feels, each value with where it came from; unknown is null, never guessed. */
export type { DiskKind } from './disk.js';
export { type Limits, probeLimits } from './limits.js';
export {
  type CpuThrottling,
  type LiveLimits,
  type MemoryEvents,
  type Pressure,
  pressureReader,
  readPressure,
  type Stall,
  type Stalls,
  type StallTimes,
} from './pressure.js';
export { known, none, type Reading, unknown } from './reading.js';
export type { Slowing, ThermalZone, Throttled } from './thermal.js';
export { systemRoot } from './tree.js';
