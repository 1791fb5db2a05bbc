/** What each step brings, as a picture: a panel a task, a line a shape, drawn from the rows alone. */

import { nameOf } from '../../calibrate/index.js';
import type { BenchRow } from '../row.js';
import { quantised, shapes, steps } from './plan.js';

const layout = { width: 860, panel: 330, left: 60, right: 130, top: 56, plot: 220 } as const;
const colours = ['#2f7d4f', '#5b7aa8', '#b3402f', '#8a5ba8', '#b8862b'] as const;

/** `ablation-steps`: heads fitted on each slice's vectors, full lines; the whole network's head cut, dashed ones. */
export function picturesOf(rows: readonly BenchRow[]): Record<string, string> {
  const values = new Map(rows.map(({ id, value }) => [id, value]));
  const tasks = rows.flatMap(({ id }) => (id.endsWith('-full') ? [id.replace(/-full$/, '')] : []));
  const height = layout.top + tasks.length * layout.panel;
  const panels = tasks.flatMap((task, at) => panelOf(task, values, layout.top + at * layout.panel));
  return {
    'ablation-steps': [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${height}" viewBox="0 0 ${layout.width} ${height}" font-family="sans-serif" font-size="12" fill="#1c1c1c">`,
      '<rect width="100%" height="100%" fill="#ffffff"/>',
      text(16, 22, 'What each step brings: accuracy by shape', 'font-size="15" font-weight="bold"'),
      text(
        16,
        40,
        "full lines: a head fitted on the slice's own vectors; dashed: the whole network's head, cut",
        faint,
      ),
      ...panels,
      '</svg>',
      '',
    ].join('\n'),
  };
}

const faint = 'fill="#6b6b6b"';

function panelOf(task: string, values: ReadonlyMap<string, number | null>, top: number): string[] {
  const points = [...steps, ...quantised].map(({ id }) => id);
  const full = values.get(`${task}-full`) ?? 1;
  const own = (shape: string, step: string, suffix: string) => values.get(`${task}-${shape}-${step}${suffix}`) ?? null;
  const all = shapes.flatMap((shape) => points.flatMap((step) => own(nameOf(shape), step, '') ?? []));
  const low = Math.floor(Math.min(full, ...all) * 20 - 1) / 20;
  const high = Math.ceil(full * 20) / 20;
  const x = (at: number) =>
    layout.left + 20 + (at * (layout.width - layout.left - layout.right - 40)) / (points.length - 1);
  const y = (share: number) => top + 16 + layout.plot * (1 - (share - low) / (high - low));
  const parts = [text(16, top + 4, task, 'font-weight="bold"')];
  for (let share = low; share <= high + 1e-9; share += 0.05) {
    parts.push(line(layout.left, y(share), layout.width - layout.right, y(share), 'stroke="#e4e4e4"'));
    parts.push(text(layout.left - 8, y(share) + 4, `${(100 * share).toFixed(0)} %`, `text-anchor="end" ${faint}`));
  }
  parts.push(
    line(layout.left, y(full), layout.width - layout.right, y(full), 'stroke="#222222" stroke-dasharray="2 3"'),
  );
  parts.push(text(layout.width - layout.right + 6, y(full) + 4, `whole: ${(100 * full).toFixed(1)}`));
  for (const [at, step] of points.entries())
    parts.push(text(x(at), top + layout.plot + 36, step, 'text-anchor="middle"'));
  const ends: { name: string; colour: string; at: number }[] = [];
  for (const [index, shape] of shapes.entries()) {
    const [name, colour] = [nameOf(shape), colours[index % colours.length]];
    for (const suffix of ['-cut-head', '']) {
      const drawn = points.flatMap((step, at) => {
        const share = own(name, step, suffix);
        return share === null || share < low ? [] : [{ x: x(at), y: y(share) }];
      });
      if (drawn.length === 0) continue;
      const path = drawn.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ');
      const dashes = suffix === '' ? 'stroke-width="2"' : 'stroke-dasharray="4 4" opacity="0.5"';
      parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" ${dashes}/>`);
      if (suffix !== '') continue;
      for (const point of drawn)
        parts.push(`<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="3" fill="${colour}"/>`);
      ends.push({ name, colour, at: drawn[drawn.length - 1].y });
    }
  }
  // Names at the lines' ends, moved apart where they would cover each other.
  let lowest = y(full) + 4;
  for (const { name, colour, at } of ends.sort((a, b) => a.at - b.at)) {
    lowest = Math.max(at + 4, lowest + 14);
    parts.push(text(layout.width - layout.right + 6, lowest, name, `fill="${colour}"`));
  }
  return parts;
}

function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${attributes}/>`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
