/** Keeps the record of this run on disk, written only when it says something else: storage wears out. */
import { killCounts } from './kill-counts.js';
import type { MemoryFigures, RunRecord } from './last-run.js';
import type { GovernorParts } from './parts.js';
import type { Signals } from './signals.js';
import { headroomMarks } from './signs.js';
import { settings } from './thresholds.js';

export class RunKeeper {
  #memory: MemoryFigures = { headroomBytes: null, memoryBytes: null, near: false };
  #oomKills: number | null = null;
  #record: RunRecord | undefined;
  #nearAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: Pick<GovernorParts, 'lastRun' | 'bundle' | 'configured' | 'nowMs'>) {}

  /** The profile in force, and why it may not be what the configuration says. */
  keep(profile: string, wish: string, ceiling: RunRecord['ceiling']): void {
    const { bundle, configured } = this.parts;
    const { bootId, group, board } = killCounts(this.#oomKills);
    this.#write({
      v: 1,
      bundle,
      profile,
      ended: 'running',
      bootId,
      oomKills: { group, board },
      memory: this.#memory,
      ...(wish !== configured && { wish: { configured, profile: wish } }),
      ...(ceiling && { ceiling }),
    });
  }

  /** Writes when memory gets short, and when it has been plentiful again for a while. */
  saw({ headroomBytes, memoryBytes, atMs }: Signals, oomKills: number | null): void {
    const firstCount = this.#oomKills === null && oomKills !== null;
    this.#oomKills = oomKills;
    const near = headroomBytes !== null && headroomBytes < headroomMarks(memoryBytes).calmBytes;
    if (near) this.#nearAtMs = atMs;
    const plentiful = atMs - this.#nearAtMs >= settings.nearWriteMs.value;
    const changed = near ? !this.#memory.near : this.#memory.near && plentiful;
    if (near || plentiful) this.#memory = { headroomBytes, memoryBytes, near };
    if (this.#record && (changed || firstCount))
      this.#write({
        ...this.#record,
        memory: this.#memory,
        oomKills: { ...this.#record.oomKills, group: this.#oomKills },
      });
  }

  /** The run ends as it should. */
  async ended(): Promise<void> {
    if (this.#record) await this.parts.lastRun.write({ ...this.#record, ended: 'clean' });
  }

  #write(record: RunRecord): void {
    this.#record = record;
    void this.parts.lastRun.write(record);
  }
}
