/** A simulated day as an SVG: what came in, how hot it was, what memory was left, and which profile served. */
import { marks } from '../../agent/governor/thresholds.js';
import type { Day, DaySample } from './day.js';

const layout = { width: 900, left: 150, right: 20, top: 46, panel: 96, gap: 34 } as const;
const colours = {
  line: '#2f5f9e',
  mark: '#b3402f',
  up: '#2f7d4f',
  down: '#b3402f',
  faint: '#d9d9d9',
  text: '#1c1c1c',
} as const;
const DAY_MS = 24 * 3600 * 1000;
const MB = 2 ** 20;

interface Panel {
  readonly title: string;
  readonly most: number;
  readonly of: (sample: DaySample) => number;
  readonly mark?: number;
  /** Names of the values from 0 up, where they are places. */
  readonly names?: readonly string[];
}

export function plotOf(day: Day, seed: number): string {
  const panels: Panel[] = [
    { title: 'texts a second', most: peak(day, (each) => each.textsPerSecond), of: (each) => each.textsPerSecond },
    { title: '°C', most: 100, of: (each) => each.temperatureC, mark: marks.temperatureC.press },
    {
      title: 'MB left',
      most: peak(day, (each) => each.headroomBytes) / MB,
      of: (each) => each.headroomBytes / MB,
      mark: (marks.headroomShare.press * 512 * MB) / MB,
    },
    {
      title: 'profile',
      most: day.profiles.length - 1,
      of: (each) => day.profiles.length - 1 - each.rung,
      names: day.profiles.toReversed(),
    },
  ];
  const height = layout.top + panels.length * (layout.panel + layout.gap);
  const title = `A simulated day (seed ${seed}): ${day.changes.length} changes of profile`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${height}" viewBox="0 0 ${layout.width} ${height}" font-family="sans-serif" font-size="12" fill="${colours.text}">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    text(16, 24, title, 'font-size="15" font-weight="bold"'),
    ...panels.flatMap((panel, index) => drawn(panel, day, layout.top + index * (layout.panel + layout.gap))),
    '</svg>',
    '',
  ].join('\n');
}

function drawn(panel: Panel, day: Day, top: number): string[] {
  const bottom = top + layout.panel;
  const y = (value: number) => bottom - (Math.min(value, panel.most) / panel.most) * layout.panel;
  const points = day.samples.map((each) => `${x(each.atMs).toFixed(1)},${y(panel.of(each)).toFixed(1)}`);
  const parts = [
    text(layout.left, top - 6, panel.title, 'font-weight="bold"'),
    ...Array.from({ length: 13 }, (_, i) =>
      line(x((i * DAY_MS) / 12), top, x((i * DAY_MS) / 12), bottom, colours.faint),
    ),
    ...Array.from({ length: 13 }, (_, i) =>
      text(x((i * DAY_MS) / 12), bottom + 14, String(2 * i), 'text-anchor="middle"'),
    ),
    `<polyline fill="none" stroke="${colours.line}" stroke-width="1.2" points="${points.join(' ')}"/>`,
  ];
  if (panel.mark !== undefined)
    parts.push(line(layout.left, y(panel.mark), layout.width - layout.right, y(panel.mark), colours.mark, '4 3'));
  if (panel.names) {
    for (const [place, name] of panel.names.entries())
      parts.push(text(layout.left - 6, y(place) + 4, name, 'text-anchor="end" font-size="10"'));
    for (const { atMs, direction } of day.changes)
      parts.push(`<circle cx="${x(atMs).toFixed(1)}" cy="${bottom + 4}" r="2" fill="${colours[direction]}"/>`);
  } else {
    parts.push(text(layout.left - 6, top + 10, String(Math.round(panel.most)), 'text-anchor="end"'));
    parts.push(text(layout.left - 6, bottom, '0', 'text-anchor="end"'));
  }
  return parts;
}

function peak({ samples }: Day, of: (sample: DaySample) => number): number {
  return samples.reduce((most, each) => Math.max(most, of(each)), 1);
}

function x(atMs: number): number {
  return layout.left + (atMs / DAY_MS) * (layout.width - layout.left - layout.right);
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, dash?: string): string {
  const dashed = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${stroke}"${dashed}/>`;
}

function text(atX: number, atY: number, content: string, attributes = ''): string {
  return `<text x="${atX.toFixed(1)}" y="${atY.toFixed(1)}" ${attributes}>${content}</text>`;
}
