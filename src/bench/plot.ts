/** A benchmark's result as an SVG: one bar a row, drawn from the row's figures alone. */
import type { BenchResult } from './benchmark.js';
import { figure } from './report.js';
import { type BenchRow, limitOf } from './row.js';

const layout = { width: 860, left: 230, right: 170, rowHeight: 26, barHeight: 14, top: 56, gap: 34 } as const;
const colours = {
  met: '#2f7d4f',
  missed: '#b3402f',
  plain: '#5b7aa8',
  limit: '#222222',
  text: '#1c1c1c',
  faint: '#6b6b6b',
} as const;

/**
 * Rows with a ratio stand in the first group, on one scale with the line of equality and a tick at each bar; absolute figures
 * follow, a group a unit. Rows that could not be measured are named without a bar.
 */
export function plotOf(result: BenchResult): string {
  const compared = result.rows.filter((row) => row.reference !== null);
  const absolute = result.rows.filter((row) => row.reference === null);
  const groups = [
    { title: 'ratio to the other side', rows: compared, of: (row: BenchRow) => row.ratio },
    ...[...new Set(absolute.map((row) => row.unit))].map((unit) => ({
      title: unit,
      rows: absolute.filter((row) => row.unit === unit),
      of: (row: BenchRow) => row.value,
    })),
  ].filter((group) => group.rows.length > 0);

  const parts: string[] = [];
  let y: number = layout.top;
  for (const group of groups) {
    parts.push(text(16, y, group.title, 'font-weight="bold"'));
    y += 12;
    const limits = group.rows.map((row) => (row.bar === null ? 0 : limitOf(row.bar)));
    const longest = Math.max(1e-12, ...group.rows.map((row) => group.of(row) ?? 0), ...limits);
    const scale = (layout.width - layout.left - layout.right) / longest;
    for (const row of group.rows) {
      parts.push(...barOf(row, group.of(row), y, scale));
      y += layout.rowHeight;
    }
    y += layout.gap;
  }
  const { machine } = result;
  const about = `${machine.cpu}, ${machine.cores} cores, node ${machine.node}, onnxruntime ${machine.onnxruntime}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${y}" viewBox="0 0 ${layout.width} ${y}" font-family="sans-serif" font-size="12" fill="${colours.text}">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(16, 22, `snug bench ${result.name}`, 'font-size="15" font-weight="bold"'),
    text(16, 38, about, `fill="${colours.faint}"`),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function barOf(row: BenchRow, value: number | null, y: number, scale: number): string[] {
  const baseline = y + layout.barHeight - 3;
  const label = text(layout.left - 8, baseline, row.id, 'text-anchor="end"');
  if (value === null) return [label, text(layout.left + 4, baseline, 'not measured', `fill="${colours.missed}"`)];
  const colour = row.bar === null ? colours.plain : row.met ? colours.met : colours.missed;
  const width = Math.max(1, value * scale);
  const parts = [
    label,
    `<rect x="${layout.left}" y="${y}" width="${width.toFixed(1)}" height="${layout.barHeight}" fill="${colour}"/>`,
  ];
  let end = width;
  if (row.bar !== null) {
    const at = limitOf(row.bar) * scale;
    end = Math.max(end, at);
    parts.push(
      `<line x1="${(layout.left + at).toFixed(1)}" x2="${(layout.left + at).toFixed(1)}" y1="${y - 3}" y2="${y + layout.barHeight + 3}" stroke="${colours.limit}" stroke-width="2"/>`,
    );
  }
  const said = row.bar === null ? figure(value) : `${figure(value)} (bar ${row.bar})`;
  parts.push(text(layout.left + end + 6, baseline, said));
  return parts;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
