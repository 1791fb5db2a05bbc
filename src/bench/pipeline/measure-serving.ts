/** One text at a time over a pipe: latency, start, memory. */

import { messageOf } from '../../errors/index.js';
import { LineProcess, timedAsk } from '../line-process.js';
import { MemoryWatch, type TreeMemory } from '../process-memory.js';
import { rotated } from '../rounds.js';
import { median, percentile } from '../statistics.js';
import type { Prepared } from './prepare.js';
import type { Sample, Samples } from './samples.js';
import { type SideId, serveLaunch } from './sides.js';

const WARM_UP_TEXTS = 60;
const TEXTS_A_ROUND = 300;
/** DESIGN §7: memory is taken after a thousand texts. */
const MEMORY_TEXTS = 1000;
/** Stands for the label of a text that Snug says belongs to none; the peer has no such answer. */
const REFUSED = '\0refused';

export interface ServingPlan {
  readonly sides: readonly SideId[];
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** p50 in ms of each round; all sides live side by side and answer the same texts, in turns, in rotating order. */
export async function measureLatency(prepared: Prepared, plan: ServingPlan): Promise<Samples> {
  const samples = new Map<SideId, Sample>();
  const open = new Map<SideId, LineProcess>();
  const times = new Map<SideId, number[][]>();
  const labels = new Map<SideId, string[]>();
  try {
    for (const side of plan.sides) {
      await attempt(side, samples, async () => {
        const child = start(side, prepared);
        open.set(side, child);
        times.set(side, []);
        labels.set(side, []);
        for (const text of prepared.slice(0, WARM_UP_TEXTS)) await child.ask(text);
      });
    }
    for (let round = 0; round < plan.rounds; round++) {
      plan.say(`latency, round ${round + 1} of ${plan.rounds}`);
      const texts = prepared.slice(WARM_UP_TEXTS + round * TEXTS_A_ROUND, TEXTS_A_ROUND);
      for (const side of rotated(plan.sides, round)) {
        const child = open.get(side);
        if (child === undefined || samples.has(side)) continue;
        await attempt(side, samples, async () => {
          const taken: number[] = [];
          for (const text of texts) {
            const { answer, ms } = await timedAsk(child, text);
            taken.push(ms);
            labels.get(side)?.push(labelOf(answer));
          }
          times.get(side)?.push(taken);
        });
      }
    }
  } finally {
    for (const child of open.values()) await child.end();
  }
  for (const [side, rounds] of times) {
    if (samples.has(side)) continue;
    const all = rounds.flat();
    const notes = [`p95 ${percentile(all, 0.95).toFixed(2)} ms, p99 ${percentile(all, 0.99).toFixed(2)} ms`];
    const agreement = agreementOf(labels.get(side), labels.get('tjs-fp32'));
    if (agreement !== undefined && !side.startsWith('tjs'))
      notes.push(
        `the label of transformers.js fp32 on ${(100 * agreement).toFixed(1)} % of the texts that were not refused`,
      );
    const note = notes.join(', ');
    samples.set(side, { figures: rounds.map(median), note });
  }
  return samples;
}

/** Milliseconds from the start of the process to its first answer; files are in the page cache after the first, uncounted go. */
export async function measureStart(prepared: Prepared, plan: ServingPlan): Promise<Samples> {
  const samples = new Map<SideId, Sample>();
  const figures = new Map<SideId, number[]>(plan.sides.map((side) => [side, []]));
  for (let round = -1; round < plan.rounds; round++) {
    if (round >= 0) plan.say(`start, round ${round + 1} of ${plan.rounds}`);
    const [text] = prepared.slice(round + 1, 1);
    for (const side of rotated(plan.sides, round + 1)) {
      if (samples.has(side)) continue;
      await attempt(side, samples, async () => {
        const child = start(side, prepared);
        try {
          await child.ask(text);
          if (round >= 0) figures.get(side)?.push(performance.now() - child.startedAt);
        } finally {
          await child.end();
        }
      });
    }
  }
  for (const [side, taken] of figures) if (!samples.has(side)) samples.set(side, { figures: taken });
  return samples;
}

/** What a side's processes take, in MB of 1,000,000 bytes. */
export interface MemorySamples {
  /** Anonymous (RssAnon + RssShmem) at its peak, from the start of the process to the thousandth text. */
  readonly peakAnon: Samples;
  /** Anonymous after a thousand texts. */
  readonly anon: Samples;
  /** All RSS after a thousand texts. */
  readonly rss: Samples;
}

export async function measureMemory(prepared: Prepared, plan: ServingPlan): Promise<MemorySamples> {
  const failed = new Map<SideId, Sample>();
  const seen = new Map<SideId, { peak: TreeMemory; after: TreeMemory }[]>(plan.sides.map((side) => [side, []]));
  const texts = prepared.slice(0, MEMORY_TEXTS);
  for (let round = 0; round < plan.rounds; round++) {
    plan.say(`memory, round ${round + 1} of ${plan.rounds}`);
    for (const side of plan.sides) {
      if (failed.has(side)) continue;
      await attempt(side, failed, async () => {
        const child = start(side, prepared);
        const watch = new MemoryWatch(child.pid);
        try {
          for (const text of texts) await child.ask(text);
          const after = watch.look();
          seen.get(side)?.push({ after, peak: watch.stop() });
        } finally {
          watch.stop();
          await child.end();
        }
      });
    }
  }
  const of = (figure: (one: { peak: TreeMemory; after: TreeMemory }) => number): Samples =>
    new Map(
      [...seen].map(
        ([side, all]) => [side, failed.get(side) ?? { figures: all.map((one) => figure(one) / 1e6) }] as const,
      ),
    );
  return {
    peakAnon: of((one) => one.peak.anonBytes),
    anon: of((one) => one.after.anonBytes),
    rss: of((one) => one.after.rssBytes),
  };
}

function labelOf(answer: string): string {
  const { label, refused } = JSON.parse(answer) as { label?: unknown; refused?: unknown };
  if (typeof label !== 'string') throw new Error(`an answer without a label: ${answer.slice(0, 200)}`);
  return refused === true ? REFUSED : label;
}

/** Share of the texts that `one` did not refuse that got the same label; undefined where the two didn't answer the same texts. */
function agreementOf(one: readonly string[] = [], other: readonly string[] = []): number | undefined {
  if (one.length === 0 || one.length !== other.length) return undefined;
  const answered = one.map((label, at) => [label, other[at]]).filter(([label]) => label !== REFUSED);
  if (answered.length === 0) return undefined;
  return answered.filter(([label, against]) => label === against).length / answered.length;
}

function start(side: SideId, prepared: Prepared): LineProcess {
  const launch = serveLaunch(side, prepared);
  if ('why' in launch) throw new Error(launch.why);
  return new LineProcess(launch);
}

/** Runs one side's part; what it throws becomes the side's reason, so that the others go on. */
export async function attempt(side: SideId, samples: Map<SideId, Sample>, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (thrown) {
    samples.set(side, { why: messageOf(thrown) });
  }
}
