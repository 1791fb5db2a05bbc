/** Measures a bundle's profiles on test rows; what was measured stays in a notebook, so a run that was stopped goes on. */
import { cpus } from 'node:os';
import type { Workplace } from '../../build/workplace.js';
import { type Bundle, FULL_PROFILE } from '../../bundle/index.js';
import type { Row } from '../../data/index.js';
import { evaluate } from '../../evaluate/index.js';
import type { ProfileRecord, RunRecord } from './record.js';

/** Rows over which times are compared, profile and full profile in turn. */
const TIMED_ROWS = 600;

export interface TestRows {
  readonly task: string;
  readonly rows: readonly Row[];
  readonly file: string;
}

export async function measureBundle(
  bundle: Bundle,
  { task, rows, file }: TestRows,
  notebook: Workplace,
  say: (line: string) => void,
): Promise<RunRecord> {
  const { manifest, identity } = bundle;
  const profiles: ProfileRecord[] = [];
  for (const { profile, accuracy = 0, dominatedBy } of manifest.ladder)
    profiles.push(
      await notebook.step(profile, async () => {
        say(`${profile}, ${profiles.length + 1} of ${manifest.ladder.length}`);
        const found = await evaluate(bundle, { rows, file, profile });
        const timed = await evaluate(bundle, { rows: rows.slice(0, TIMED_ROWS), file, profile, compare: FULL_PROFILE });
        return {
          profile,
          evalAccuracy: accuracy,
          recommended: dominatedBy === undefined,
          inScopeTop1: found.inScopeTop1 ?? found.accuracy,
          accuracy: found.accuracy,
          weightBytes: found.weightBytes,
          latencyRatio: timed.compare?.latencyRatio ?? Number.NaN,
        };
      }),
    );
  return {
    task,
    recipe: manifest.recipe,
    seed: manifest.seed,
    command: manifest.command,
    bundle: identity,
    testRows: rows.length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    profiles,
  };
}
