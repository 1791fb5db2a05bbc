/** Whether the clock can be right: boards without a battery wake up in 1970, and certificates and time stamps need a time. */
import { bad, type Check, good } from './check.js';

/** This version was not written before, and will hardly run so long after. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const LATEST_MS = Date.UTC(2056, 0, 1);

export function clockCheck(nowMs: number): Check {
  const detail = new Date(nowMs).toISOString();
  if (nowMs >= EARLIEST_MS && nowMs < LATEST_MS) return good('clock', detail);
  return bad('clock', `${detail} can't be now`, 'Set the clock, for example by sudo timedatectl set-ntp true.');
}
