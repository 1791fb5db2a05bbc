/** Times networks and reads their memory, each in a process of its own, all of them in turns. */
import { join } from 'node:path';
import { messageOf } from '../../errors/index.js';
import { LineProcess } from '../line-process.js';
import { memoryOfTree, type TreeMemory } from '../process-memory.js';
import { rotated } from '../rounds.js';
import type { Request } from './network-process.js';
import type { Network } from './networks.js';

export const textLengths = [8, 32, 128] as const;
export type TextLength = (typeof textLengths)[number];
export const threadCounts = [1, 2] as const;
export type ThreadCount = (typeof threadCounts)[number];

/** How long a network runs texts of one length in a round. */
const BUDGET_MS = 150;
const WARM_UP_MS = 50;

/** What a network gave in every round. */
export interface NetworkTimes {
  /** Median milliseconds of a text of so many tokens on so many threads. */
  readonly medianMs: ReadonlyMap<string, readonly number[]>;
  /** Of the process on one thread, after texts of all lengths. */
  readonly memory: readonly TreeMemory[];
}

export const keyOf = (tokens: TextLength, threads: ThreadCount) => `${tokens}-t${threads}`;

export interface NetworkPlan {
  readonly networks: ReadonlyMap<string, Network>;
  readonly packageRoot: string;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** A network that fails has its reason instead of figures; the others go on. */
export async function measureNetworks(plan: NetworkPlan): Promise<Map<string, NetworkTimes | { why: string }>> {
  const sides = [...plan.networks].map(([id, network]) => new Side(id, network, plan.packageRoot));
  try {
    for (let round = 0; round <= plan.rounds; round++) {
      plan.say(round === 0 ? 'networks, warm-up' : `networks, round ${round} of ${plan.rounds}`);
      for (const threads of threadCounts)
        for (const tokens of textLengths)
          for (const side of rotated(sides, round)) await side.take(round, tokens, threads);
      for (const side of sides) side.readMemory(round);
    }
  } finally {
    for (const side of sides) await side.end();
  }
  return new Map(sides.map((side) => [side.id, side.result]));
}

class Side {
  private readonly processes: ReadonlyMap<ThreadCount, LineProcess>;
  private readonly medianMs = new Map<string, number[]>();
  private readonly memory: TreeMemory[] = [];
  private failure: string | undefined;

  constructor(
    readonly id: string,
    { modelPath, vocabSize }: Network,
    packageRoot: string,
  ) {
    const program = join(packageRoot, 'dist', 'src', 'bench', 'models', 'network-process.js');
    const start = (threads: ThreadCount) =>
      new LineProcess({ command: process.execPath, args: [program, modelPath, `${vocabSize}`, `${threads}`] });
    this.processes = new Map(threadCounts.map((threads) => [threads, start(threads)]));
  }

  get result(): NetworkTimes | { why: string } {
    if (this.failure !== undefined) return { why: this.failure };
    return { medianMs: this.medianMs, memory: this.memory };
  }

  /** Round 0 warms up. */
  async take(round: number, tokens: TextLength, threads: ThreadCount): Promise<void> {
    const child = this.processes.get(threads);
    if (this.failure !== undefined || child === undefined) return;
    try {
      const request: Request = { tokens, budgetMs: round === 0 ? WARM_UP_MS : BUDGET_MS };
      const { medianMs } = JSON.parse(await child.ask(JSON.stringify(request))) as { medianMs: number };
      if (round === 0) return;
      const key = keyOf(tokens, threads);
      this.medianMs.set(key, [...(this.medianMs.get(key) ?? []), medianMs]);
    } catch (thrown) {
      this.failure = messageOf(thrown);
    }
  }

  readMemory(round: number): void {
    const child = this.processes.get(1);
    if (round > 0 && child && this.failure === undefined) this.memory.push(memoryOfTree(child.pid));
  }

  async end(): Promise<void> {
    for (const child of this.processes.values()) await child.end();
  }
}
