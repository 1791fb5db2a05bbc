/** The data files of a build, read and checked before anything long begins. */
import { checkTrainingRows, describeDataFile, doubtsAboutRows, type Row, readRows } from '../data/index.js';

export interface TrainingData {
  readonly labels: readonly string[];
  /** In-scope training rows. */
  readonly rows: readonly Row[];
  readonly evalRows: readonly Row[];
  readonly trainFile: { file: string; rows: number; sha256: string };
  readonly evalFile: { file: string; rows: number; sha256: string };
  /** What a person should know of the data, a sentence each: the build goes on. */
  readonly warnings: readonly string[];
}

/** Undefined where no data was given. @throws DATA_… naming file and line */
export async function readTrainingData(options: {
  readonly data?: string;
  readonly evaluation?: string;
  readonly none?: string;
}): Promise<TrainingData | undefined> {
  const { data, evaluation, none } = options;
  if (data === undefined || evaluation === undefined) return undefined;
  const rows = await readRows(data);
  const evalRows = await readRows(evaluation);
  const labels = checkTrainingRows(rows, data, evalRows, evaluation, none);
  const [trainFile, evalFile] = [await describe(data, rows), await describe(evaluation, evalRows)];
  const inScope = rows.filter(({ label }) => label !== none);
  const warnings = doubtsAboutRows(inScope, data, evalRows, evaluation);
  if (trainFile.sha256 === evalFile.sha256)
    warnings.unshift(
      `${evaluation}: --eval holds the same rows as --data; calibration and scores on training rows are too optimistic`,
    );
  return { labels, rows: inScope, evalRows, trainFile, evalFile, warnings };
}

async function describe(path: string, rows: readonly Row[]) {
  const { file, sha256, rows: count } = await describeDataFile(path, rows);
  return { file, rows: count, sha256 };
}
