/** How long a model takes for texts of one length, one at a time, from text to answer. */
import type { LoadedModel } from '../infer/index.js';

export interface Timing {
  readonly ms: number;
  /** Of all threads of the process, which does nothing else. */
  readonly cpuMs: number;
}

export interface Effort {
  readonly leastRuns: number;
  readonly mostRuns: number;
  /** No further run is begun after so long. */
  readonly limitMs: number;
  /** Counts runs that had to read pages from the disk: for what a profile takes here, not for how quick the board is. */
  readonly withFaults?: true;
}

/**
 * Of the runs, the one at the quickest tenth: what comes in between on a busy machine, or where a quota has run out, is no part of it.
 * Runs that had to read pages from the disk say how short memory is, and are left out unless wanted.
 * @returns undefined where every run had to
 */
export async function timed(model: LoadedModel, text: string, effort: Effort): Promise<Timing | undefined> {
  await model.predict([text]);
  const startedMs = performance.now();
  const runs: Timing[] = [];
  let tries = 0;
  while (tries < effort.leastRuns || (tries < effort.mostRuns && performance.now() - startedMs < effort.limitMs)) {
    tries++;
    const before = process.resourceUsage();
    const beganMs = performance.now();
    await model.predict([text]);
    const ms = performance.now() - beganMs;
    const after = process.resourceUsage();
    if (!effort.withFaults && after.majorPageFault > before.majorPageFault) continue;
    const cpuUs = after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime;
    runs.push({ ms, cpuMs: cpuUs / 1000 });
  }
  if (runs.length === 0) return undefined;
  const sorted = runs.toSorted((a, b) => a.ms - b.ms);
  return {
    ms: sorted[Math.floor((sorted.length - 1) / 10)].ms,
    cpuMs: runs.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / runs.length,
  };
}
