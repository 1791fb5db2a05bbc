/** The formats of a data file: each turns text into rows, and answers with where a row is broken. */
import { SnugError } from '../errors/index.js';
import type { RawRow } from './types.js';

/** A line that is not blank, with its number from 1. */
export interface Line {
  readonly text: string;
  readonly number: number;
}

export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .map((line, i) => ({ text: line.endsWith('\r') ? line.slice(0, -1) : line, number: i + 1 }))
    .filter((line) => line.text.trim() !== '');
}

export function brokenRow(file: string, line: number, what: string, cause?: unknown): SnugError {
  return new SnugError('DATA_ROW', `${file}:${line}: ${what}`, { cause });
}

/** The object that a line of JSON holds, or undefined. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON lines: an object a line with `text` and `label`; a label may be a number. */
export function jsonLines(file: string, lines: readonly Line[]): RawRow[] {
  return lines.map(({ text: source, number: line }) => {
    let row: unknown;
    try {
      row = JSON.parse(source);
    } catch (cause) {
      throw brokenRow(file, line, `broken JSON: ${cause instanceof Error ? cause.message : cause}`, cause);
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw brokenRow(file, line, 'not a JSON object');
    const { text, label }: { text?: unknown; label?: unknown } = row;
    if (typeof text !== 'string') throw brokenRow(file, line, `'text' is ${kindOf(text)}, expected a string`);
    if (label !== undefined && typeof label !== 'string' && typeof label !== 'number')
      throw brokenRow(file, line, `'label' is ${kindOf(label)}, expected a string`);
    return { text, label: label === undefined ? undefined : String(label), line };
  });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** TSV: text TAB label. A first line that says just that is a header. */
export function tabSeparated(file: string, lines: readonly Line[]): RawRow[] {
  const hasHeader = /^text\tlabel\s*$/i.test(lines[0].text);
  return lines.slice(hasHeader ? 1 : 0).map(({ text: source, number: line }) => {
    const columns = source.split('\t');
    if (columns.length > 2) throw brokenRow(file, line, `${columns.length} columns, expected text TAB label`);
    return { text: columns[0], label: columns[1], line };
  });
}

const csvOptions = { skip_empty_lines: true, relax_column_count: true };

/** The names of a CSV header's columns in lower case; undefined where the line can't be one. */
export async function csvHeader(line: string): Promise<string[] | undefined> {
  if (!/text/i.test(line)) return undefined;
  const { parse } = await import('csv-parse/sync');
  try {
    const names = parse(line, csvOptions)[0]?.map((name) => name.trim().toLowerCase());
    return names?.includes('text') ? names : undefined;
  } catch {
    return undefined; // a quote in plain text
  }
}

/** CSV (RFC 4180) whose header names a column `text` and, where there are labels, a column `label`. */
export async function commaSeparated(file: string, text: string, names: readonly string[]): Promise<RawRow[]> {
  const { parse, CsvError } = await import('csv-parse/sync');
  const bytes = Buffer.from(text.replaceAll('\r\n', '\n')); // csv-parse counts a CRLF between quotes as two lines
  let records: { record: string[]; info: { bytes: number } }[];
  try {
    records = parse(bytes, { ...csvOptions, info: true }) as unknown as typeof records;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    // Of a quote that is never closed csv-parse names the last line of the file; where the record begins says more.
    throw brokenRow(file, new LineCounter(bytes).lineOf(Number(cause.bytes)), cause.message, cause);
  }
  const counter = new LineCounter(bytes);
  const rows: RawRow[] = [];
  for (const [i, { record }] of records.entries()) {
    if (i === 0 || record.every((value) => value.trim() === '')) continue;
    const line = counter.lineOf(records[i - 1].info.bytes);
    if (record.length !== names.length)
      throw brokenRow(file, line, `${record.length} columns, the header has ${names.length}`);
    rows.push({ text: record[names.indexOf('text')], label: record[names.indexOf('label')], line });
  }
  return rows;
}

/** Counts lines on the way through a file; asked for ever later places only. */
class LineCounter {
  #at = 0;
  #line = 1;

  constructor(readonly bytes: Uint8Array) {}

  /** The line of the first record at or after `offset`: empty lines are none. */
  lineOf(offset: number): number {
    for (; this.#at < offset || this.bytes[this.#at] === 0x0a; this.#at++)
      if (this.bytes[this.#at] === 0x0a) this.#line++;
    return this.#line;
  }
}
