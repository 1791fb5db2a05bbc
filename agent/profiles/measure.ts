/** What a profile takes on this board: one text at a time, its own length, warm. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Bundle } from '../../src/bundle/index.js';
import { keepHeapSmall, loadProfile } from '../../src/infer/index.js';
import { processMemory } from '../../src/profile/process-memory.js';
import { LatencyHistogram } from '../latency.js';
import type { Measured, Task } from './task.js';

/** Texts before it counts. */
const WARM_UP = 8;
/** How long it waits before it asks again whether it may. */
const ASK_AGAIN_MS = 20;

/** Measures until the texts are through or the time is over, and only while it may. */
export async function measure(
  bundle: Bundle,
  { profile, threads, texts, limitMs }: Extract<Task, { kind: 'measure' }>,
  goAhead: () => boolean,
): Promise<Measured> {
  keepHeapSmall();
  const endMs = performance.now() + limitMs;
  const model = await loadProfile(bundle, { profile, threads });
  const latency = new LatencyHistogram();
  for (let done = 0; done < texts.length + WARM_UP && performance.now() < endMs; ) {
    await pause(goAhead() ? 0 : ASK_AGAIN_MS);
    if (!goAhead()) continue;
    const startedMs = performance.now();
    await model.predict([texts[done % texts.length]]);
    if (done++ >= WARM_UP) latency.record(performance.now() - startedMs);
  }
  const { count, p50, p95 } = latency.stats();
  const lengths = texts.map((text) => model.encode(text).ids.length).sort((a, b) => a - b);
  return { texts: count, p50Ms: p50, p95Ms: p95, p50Tokens: lengths[lengths.length >> 1] ?? 0, ...processMemory() };
}
