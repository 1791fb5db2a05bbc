/** The data files of a build, read and checked before anything long begins. */
import { checkTrainingRows, describeDataFile, type Row, readRows } from '../data/index.js';

export interface TrainingData {
  readonly labels: readonly string[];
  /** In-scope training rows. */
  readonly rows: readonly Row[];
  readonly evalRows: readonly Row[];
  readonly trainFile: { file: string; rows: number; sha256: string };
  readonly evalFile: { file: string; rows: number; sha256: string };
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
  return {
    labels,
    rows: rows.filter(({ label }) => label !== none),
    evalRows,
    trainFile: await describe(data, rows),
    evalFile: await describe(evaluation, evalRows),
  };
}

async function describe(path: string, rows: readonly Row[]) {
  const { file, sha256, rows: count } = await describeDataFile(path, rows);
  return { file, rows: count, sha256 };
}
