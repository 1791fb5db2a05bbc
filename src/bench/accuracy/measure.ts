/** Measures a bundle's profiles on test rows; what was measured stays in a notebook, so a run that was stopped goes on. */
import { cpus } from 'node:os';
import type { Workplace } from '../../build/workplace.js';
import { type Bundle, FULL_PROFILE } from '../../bundle/index.js';
import type { Row } from '../../data/index.js';
import { evaluate } from '../../evaluate/index.js';
import type { Outcome } from '../../train/index.js';
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
  let fullRight: boolean[] = [];
  // The full profile stands first on the ladder: the others are counted against it.
  for (const { profile, accuracy: evalAccuracy = 0, dominatedBy } of manifest.ladder) {
    const { right, ...figures } = await notebook.step(profile, async () => {
      say(`${profile}, ${profiles.length + 1} of ${manifest.ladder.length}`);
      const right: boolean[] = [];
      const onOutcome = ({ truth, top }: Outcome) => right.push(top === truth);
      const found = await evaluate(bundle, { rows, file, profile, onOutcome });
      const timed = await evaluate(bundle, { rows: rows.slice(0, TIMED_ROWS), file, profile, compare: FULL_PROFILE });
      const { inScopeTop1, accuracy, inScopeAccuracy, outOfScopeRecall, weightBytes } = found;
      const latencyRatio = timed.compare?.latencyRatio ?? Number.NaN;
      return {
        inScopeTop1: inScopeTop1 ?? accuracy,
        ...{ accuracy, inScopeAccuracy, outOfScopeRecall, weightBytes, latencyRatio, right },
      };
    });
    if (profile === FULL_PROFILE) fullRight = right;
    const onlyFullRight = fullRight.filter((isRight, row) => isRight && !right[row]).length;
    const onlyItRight = right.filter((isRight, row) => isRight && !fullRight[row]).length;
    const recommended = dominatedBy === undefined;
    profiles.push({ profile, evalAccuracy, recommended, ...figures, onlyFullRight, onlyItRight });
  }
  return {
    task,
    recipe: manifest.recipe,
    seed: manifest.seed,
    command: manifest.command,
    bundle: identity,
    testRows: rows.length,
    inScopeRows: rows.filter(({ label }) => label !== manifest.noneLabel).length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    profiles,
  };
}
