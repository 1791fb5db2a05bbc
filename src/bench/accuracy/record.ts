/** A finished run: a bundle and what each of its profiles does on test rows that nothing was picked on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, SnugError } from '../../errors/index.js';

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const profileSchema = v.object({
  profile: v.string(),
  /** On the eval rows that it was calibrated on, from the ladder: what picks go by. */
  evalAccuracy: share,
  /** Test rows in scope with refusal off; all test rows with it on. */
  inScopeTop1: share,
  accuracy: share,
  /** With refusal on, in scope; and of the rows out of scope, those refused. Null where there are none. */
  inScopeAccuracy: v.nullable(share),
  outOfScopeRecall: v.nullable(share),
  /** Rows in scope that the full fp32 profile alone, and that this one alone answers right, refusal off. */
  onlyFullRight: v.number(),
  onlyItRight: v.number(),
  /** Whether no other profile beats it at no more cost, by eval rows. */
  recommended: v.boolean(),
  weightBytes: v.number(),
  /** Its p50 over the full fp32 profile's, blocks of texts taken in turn. */
  latencyRatio: v.number(),
});

const recordSchema = v.object({
  task: v.string(),
  recipe: v.string(),
  seed: v.number(),
  /** That built the bundle, and what names its content. */
  command: v.string(),
  bundle: v.string(),
  testRows: v.number(),
  inScopeRows: v.number(),
  cpu: v.string(),
  profiles: v.array(profileSchema),
});

export type ProfileRecord = v.InferOutput<typeof profileSchema>;
export type RunRecord = v.InferOutput<typeof recordSchema>;

/** Where finished runs lie: those of the package, and those of this machine's cache. */
export const recordFolders = (packageRoot: string, cacheFolder: string) => [
  join(packageRoot, 'scripts', 'bench', 'accuracy'),
  join(cacheFolder, 'accuracy'),
];

/** All finished runs, one a bundle. @throws BENCH_DATA naming the file that is none */
export function readRecords(folders: readonly string[]): RunRecord[] {
  const found = new Map<string, RunRecord>();
  for (const folder of folders.filter((path) => existsSync(path)))
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith('.json')) continue;
      const path = join(folder, name);
      const record = parse(path);
      found.set(record.bundle, record);
    }
  return [...found.values()];
}

function parse(path: string): RunRecord {
  try {
    return v.parse(recordSchema, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new SnugError('BENCH_DATA', `${path}: no record of a finished run: ${messageOf(error)}`, { cause: error });
  }
}
