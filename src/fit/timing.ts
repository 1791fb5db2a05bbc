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
}

/** Of the runs, the one at the quickest tenth: what comes in between on a busy machine, or where a quota has run out, is no part of it. */
export async function timed(model: LoadedModel, text: string, effort: Effort): Promise<Timing> {
  await model.predict([text]);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const runs: number[] = [];
  while (
    runs.length < effort.leastRuns ||
    (runs.length < effort.mostRuns && performance.now() - startedMs < effort.limitMs)
  ) {
    const beganMs = performance.now();
    await model.predict([text]);
    runs.push(performance.now() - beganMs);
  }
  const { user, system } = process.cpuUsage(before);
  const sorted = runs.toSorted((a, b) => a - b);
  return { ms: sorted[Math.floor((sorted.length - 1) / 10)], cpuMs: (user + system) / 1000 / runs.length };
}
