/** Can a head be fitted on these rows, and will it be a good one? Asked before hours are spent on them. */
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

/** A label with fewer training rows is learnt from too little. */
const FEWEST_ROWS = 3;
/** More labels than these are counted, not named. */
const LABELS_NAMED = 5;

/**
 * What is allowed, but gives a worse head than a person may expect: labels with one or two training rows, and labels that no
 * eval row has. A sentence each.
 * @param rows in-scope training rows
 */
export function doubtsAboutRows(
  rows: readonly Row[],
  file: string,
  evalRows: readonly Row[],
  evalFile: string,
): string[] {
  const counts = new Map<string, number>();
  for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
  const evaluated = new Set(evalRows.map(({ label }) => label));
  const labels = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const scarce = labels.filter(([, count]) => count < FEWEST_ROWS);
  const unseen = labels.filter(([label]) => !evaluated.has(label));
  const warnings: string[] = [];
  if (scarce.length > 0) warnings.push(`${file}: too few training rows to learn from for ${named(scarce)}`);
  if (unseen.length > 0) warnings.push(`${evalFile}: no row to choose and calibrate on for ${named(unseen)}`);
  return warnings;
}

/** `2 labels: a (1 training row), b (2 training rows)`. */
function named(labels: readonly (readonly [label: string, count: number])[]): string {
  const shown = labels
    .slice(0, LABELS_NAMED)
    .map(([label, count]) => `${label} (${count} training ${count === 1 ? 'row' : 'rows'})`);
  if (labels.length > LABELS_NAMED) shown.push(`and ${labels.length - LABELS_NAMED} more`);
  return `${labels.length === 1 ? 'a label' : `${labels.length} labels`}: ${shown.join(', ')}`;
}
