/** A benchmark's result for people: a table on the terminal. */
import type { BenchResult } from './benchmark.js';
import type { BenchRow } from './row.js';

/** The result as lines: the machine, then one row a line, then what bars were missed and why rows have no figure. */
export function tableOf(result: BenchResult): string {
  const { machine } = result;
  const cells = [
    ['row', 'value', 'against', 'ratio', 'bar', ''],
    ...result.rows.map((row) => [
      row.id,
      valueText(row),
      referenceText(row),
      figure(row.ratio),
      row.bar ?? '',
      verdict(row),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const notes = result.rows.flatMap((row) => {
    const text = [
      row.why ?? row.note,
      row.rounds === undefined ? undefined : `${row.rounds} rounds, ${spreadText(row)}`,
    ];
    return `  ${row.id}: ${row.what}; ${text.filter((part) => part !== undefined).join('; ')}`;
  });
  return [
    `${result.name} on ${machine.cpu}, ${machine.cores} cores, ${machine.instructions.join(' ')}; ${machine.kernel}; ` +
      `node ${machine.node}, onnxruntime ${machine.onnxruntime}; load ${machine.load1.toFixed(2)}`,
    '',
    ...lines,
    '',
    ...notes,
    '',
  ].join('\n');
}

/** A number with three significant digits, without an exponent in the range that benchmarks have. */
export function figure(value: number | null): string {
  if (value === null) return '';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

function valueText(row: BenchRow): string {
  return row.value === null ? 'not measured' : `${figure(row.value)} ${row.unit}`;
}

function referenceText(row: BenchRow): string {
  if (row.reference === null) return '';
  return row.reference.value === null ? row.reference.what : `${figure(row.reference.value)} ${row.reference.what}`;
}

function verdict(row: BenchRow): string {
  if (row.bar === null) return '';
  return row.met ? 'met' : 'MISSED';
}

function spreadText(row: BenchRow): string {
  if (row.spread === undefined) return '';
  return `${row.ratio === null ? 'value' : 'ratio'} ${figure(row.spread[0])} to ${figure(row.spread[1])}`;
}
