/**
 * What is known of the agent's last run, in the state folder: the profile in force, who chose it, and whether it ended as it
 * should. A run that the kernel ended for want of memory leaves no other trace in the process that comes after it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/errors/index.js';
import { z } from '../../src/protocol/zod.js';
import { writeDurably } from '../durable-file.js';
import type { Log } from '../log.js';

const bytes = z.number().min(0).nullable();

const memorySchema = z.object({
  headroomBytes: bytes,
  memoryBytes: bytes,
  /** True where less was left than a step down asks for. */
  near: z.boolean(),
});

const recordSchema = z.object({
  v: z.literal(1),
  /** The bundle that it is about: another one has another ladder. */
  bundle: z.string(),
  profile: z.string(),
  ended: z.enum(['clean', 'running']),
  /** Tells one start of the board from another: its counters begin anew. */
  bootId: z.string().nullable(),
  /** Processes killed for memory so far: in the control group, and on the whole board. */
  oomKills: z.object({ group: z.int().min(0).nullable(), board: z.int().min(0).nullable() }),
  memory: memorySchema,
  /** Set by a command: over what the configuration said at that time. */
  wish: z.object({ configured: z.string(), profile: z.string() }).optional(),
  /** A profile that was killed for memory: nothing that needs as much is chosen again. */
  ceiling: z.object({ profile: z.string(), reason: z.string(), memoryBytes: bytes }).optional(),
});

export type RunRecord = ReturnType<(typeof recordSchema)['parse']>;
export type MemoryFigures = RunRecord['memory'];

/** What the kernel counts now. */
export interface KillCounts {
  readonly bootId: string | null;
  readonly group: number | null;
  readonly board: number | null;
}

/** Why the last run is believed to have been killed for memory, in words; undefined where it is not. */
export function killedForMemory(last: RunRecord, now: KillCounts): string | undefined {
  if (last.ended === 'clean') return undefined;
  const { group, board } = last.oomKills;
  const sameBoot = last.bootId !== null && last.bootId === now.bootId;
  if (sameBoot && group !== null && now.group !== null && now.group > group)
    return `the kernel killed for memory in the agent's control group (${group} times before, ${now.group} now)`;
  const near = last.memory.near && last.memory.headroomBytes !== null;
  const left = near
    ? `${Math.round((last.memory.headroomBytes ?? 0) / 1e6)} MB were left when it was last looked at`
    : '';
  // The group may have been made anew with the process; the whole board's count names nobody, so memory must have been short too.
  if (sameBoot && board !== null && now.board !== null)
    return near && now.board > board
      ? `the kernel killed for memory on this board (${board} times before, ${now.board} now), and ${left}`
      : undefined;
  return near ? `the run before did not end as it should, and ${left}` : undefined;
}

export class LastRun {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    stateDir: string,
    private readonly log: Pick<Log, 'warn' | 'error'>,
  ) {
    this.#path = join(stateDir, 'governor.json');
  }

  /** The record that the last run left; undefined where there is none, or none that can be understood (which is said). */
  async read(): Promise<RunRecord | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch {
      return undefined; // the first start
    }
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      this.log.warn(`${this.#path} can't be understood; what it said of the last run is left out`);
      return undefined;
    }
  }

  /** Keeps a record, after those before it. One that can't be written is said, and nothing else: the stream goes on. */
  write(record: RunRecord): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await writeDurably(this.#path, `${JSON.stringify(record)}\n`);
      } catch (error) {
        this.log.error(`the profile in force can't be kept on disk: ${messageOf(error)}`);
      }
    });
    return this.#writing;
  }
}
