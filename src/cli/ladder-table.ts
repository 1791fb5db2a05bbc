/** The ladder as a table for people. */
import type { Rung } from '../bundle/index.js';

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(2)} %`);

/** Columns of text, the first to the left, the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  return `${[line(header), ...rows.map(line)].join('\n')}\n`;
}

export function ladderTable(ladder: readonly Rung[]): string {
  const header = ['profile', 'accuracy', 'in scope, refusal off', 'parameters', 'weights', 'MACs a token', 'beaten by'];
  const rows = ladder.map((rung) => [
    rung.profile,
    percent(rung.accuracy),
    percent(rung.inScopeTop1),
    `${(rung.params / 1e6).toFixed(1)} M`,
    `${(rung.weightBytes / 1e6).toFixed(1)} MB`,
    `${(rung.macsPerToken / 1e6).toFixed(1)} M`,
    rung.dominatedBy ?? '',
  ]);
  return table(header, rows);
}
