/**
 * Memory that the agent can do without, given back to the system: what the JavaScript heap holds of garbage, and what the
 * runtime's arena has grown by. What of that works, and what does not, stands in docs/governor.md.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { processMemory } from '../../src/profile/process-memory.js';
import type { HotSwap } from '../hot-swap.js';

/** What giving back brought. */
export interface GivenBack {
  readonly rssAnonBeforeBytes: number | null;
  readonly rssAnonAfterBytes: number | null;
  /** For how long no text could be answered because of it. */
  readonly pauseMs: number;
}

export async function giveBack(swap: Pick<HotSwap, 'reopen'>): Promise<GivenBack> {
  const before = processMemory().rssAnonBytes;
  const startedMs = performance.now();
  collectGarbage();
  const collectedMs = performance.now() - startedMs;
  const { pauseMs } = await swap.reopen();
  return {
    rssAnonBeforeBytes: before,
    rssAnonAfterBytes: processMemory().rssAnonBytes,
    pauseMs: Math.max(collectedMs, pauseMs),
  };
}

/** V8 hands its collector out only to contexts made after this flag is set. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect(); // with options it collects less on Node 20
}
