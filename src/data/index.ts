/**
 * Training and evaluation data: reads labelled rows and plain texts, whatever format they come in, and checks that a head can be
 * fitted on them. Errors name file and line, as `file:line:`.
 */
import { SnugError } from '../errors/index.js';
import { readText } from './file.js';
import {
  brokenRow,
  commaSeparated,
  csvHeader,
  jsonLines,
  jsonObject,
  type Line,
  linesOf,
  tabSeparated,
} from './formats.js';
import type { RawRow, Row, TextRow } from './types.js';

export { checkTrainingRows, doubtsAboutRows } from './checks.js';
export { type DataFileDescription, describeDataFile } from './file.js';
export type { Row, TextRow } from './types.js';

/**
 * Reads labelled rows: TSV (text TAB label), CSV with a header that names `text` and `label`, or JSON lines with `text` and
 * `label`, told apart by content. UTF-8, with or without a byte order mark; CRLF or LF; blank lines are skipped. A number is
 * taken as a label too; white space around a label is not part of it.
 * @throws DATA_NOT_READABLE, DATA_EMPTY, DATA_ENCODING, DATA_NO_LABELS, DATA_ROW
 */
export async function readRows(file: string): Promise<Row[]> {
  const text = await readText(file);
  const lines = linesOf(text);
  if (lines.length === 0) throw new SnugError('DATA_EMPTY', `${file} is empty`);
  const rows = (await labelled(file, text, lines)).map((raw) => {
    const label = raw.label?.trim() ?? '';
    if (label === '') throw brokenRow(file, raw.line, 'a row without a label');
    if (raw.text.trim() === '') throw brokenRow(file, raw.line, 'a row without a text');
    return { text: raw.text, label, line: raw.line };
  });
  if (rows.length === 0) throw new SnugError('DATA_EMPTY', `${file} has a header, but no rows`);
  return rows;
}

async function labelled(file: string, text: string, lines: readonly Line[]): Promise<RawRow[]> {
  const first = lines[0];
  const hasTabs = lines.some((line) => line.text.includes('\t'));
  if (jsonObject(first.text) !== undefined) return jsonLines(file, lines);
  if (first.text.includes('\t')) return tabSeparated(file, lines);
  const header = await csvHeader(first.text);
  if (header?.includes('label')) return commaSeparated(file, text, header);
  if (first.text.trimStart().startsWith('{') && !hasTabs) return jsonLines(file, lines); // names what is broken in it
  if (hasTabs) return tabSeparated(file, lines);
  const found = header === undefined ? 'neither a TAB nor a header' : `the columns ${header.join(', ')}`;
  throw new SnugError('DATA_NO_LABELS', `${file}:${first.number}: no label column; the first line has ${found}`);
}

/**
 * Reads texts without regard to labels: the formats of `readRows`, with or without their labels, or one text a line.
 * @throws DATA_NOT_READABLE, DATA_EMPTY, DATA_ENCODING, DATA_ROW
 */
export async function readTexts(file: string): Promise<TextRow[]> {
  const text = await readText(file);
  const lines = linesOf(text);
  if (lines.length === 0)
    throw new SnugError('DATA_EMPTY', `${file} is empty`, { remedy: 'Give a file with one text a line.' });
  const rows = (await unlabelled(file, text, lines)).filter((row) => row.text.trim() !== '');
  if (rows.length === 0) throw new SnugError('DATA_EMPTY', `${file} has a header, but no texts`);
  return rows.map((row) => ({ text: row.text, line: row.line }));
}

async function unlabelled(file: string, text: string, lines: readonly Line[]): Promise<readonly TextRow[]> {
  // Log lines hold tabs, braces and commas of their own, so a format must fit well to be taken for one.
  if (typeof jsonObject(lines[0].text)?.text === 'string') return jsonLines(file, lines);
  if (lines.every((line) => line.text.split('\t').length === 2)) return tabSeparated(file, lines);
  const header = lines[0].text.includes('\t') ? undefined : await csvHeader(lines[0].text);
  if (header !== undefined) return commaSeparated(file, text, header);
  return lines.map((line) => ({ text: line.text, line: line.number }));
}
