/** Can a head be fitted on these rows? Asked before hours are spent on them. */
import { SnugError } from '../errors/index.js';
import type { Row } from './types.js';

/**
 * Checks training and evaluation rows against each other.
 * @param noneLabel the label of rows that belong to no label, where there are such rows
 * @returns the labels to tell apart, without `noneLabel`, in the order of their code units
 * @throws DATA_NO_IN_SCOPE, DATA_ONE_CLASS, DATA_LABEL_ONLY_IN_EVAL, DATA_NONE_LABEL_ABSENT
 */
export function checkTrainingRows(
  rows: readonly Row[],
  file: string,
  evalRows: readonly Row[],
  evalFile: string,
  noneLabel?: string,
): string[] {
  const isNone = (row: Row) => row.label === noneLabel;
  const labels = new Set(rows.filter((row) => !isNone(row)).map((row) => row.label));
  for (const [name, held] of [
    [file, rows],
    [evalFile, evalRows],
  ] as const)
    if (held.every(isNone))
      throw new SnugError(
        'DATA_NO_IN_SCOPE',
        `${name}: all ${held.length} rows have the label '${noneLabel}', which --none sets apart`,
      );
  if (labels.size === 1)
    throw new SnugError('DATA_ONE_CLASS', `${file}: all rows have the one label '${[...labels][0]}'`);
  const stranger = evalRows.find((row) => !isNone(row) && !labels.has(row.label));
  if (stranger !== undefined)
    throw new SnugError(
      'DATA_LABEL_ONLY_IN_EVAL',
      `${evalFile}:${stranger.line}: the label '${stranger.label}' is in no row of ${file}`,
    );
  if (noneLabel !== undefined && !rows.some(isNone) && !evalRows.some(isNone))
    throw new SnugError(
      'DATA_NONE_LABEL_ABSENT',
      `no row of ${file} or ${evalFile} has the label '${noneLabel}' of --none`,
    );
  return [...labels].sort();
}
