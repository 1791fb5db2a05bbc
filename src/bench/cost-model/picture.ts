/** Predicted over measured time, a point a profile, both growing by factors; drawn from the rows alone. */
import type { BenchRow } from '../row.js';

const layout = { width: 620, height: 620, left: 70, right: 20, top: 60, bottom: 60 } as const;
const colours: Readonly<Record<string, string>> = { q32: '#b3402f', q8: '#2f7d4f', q4: '#5b7aa8', bag: '#8a5ba8' };

export function picturesOf(rows: readonly BenchRow[]): Record<string, string> {
  const points = rows.flatMap(({ id, value, reference }) => {
    const kind = kindOf(id);
    const predicted = reference?.value ?? null;
    return kind === undefined || value === null || predicted === null ? [] : [{ id, kind, measured: value, predicted }];
  });
  if (points.length === 0) return {};
  const all = points.flatMap(({ measured, predicted }) => [measured, predicted]);
  const [low, high] = [Math.min(...all) / 1.2, Math.max(...all) * 1.2];
  const at = (ms: number) => Math.log(ms / low) / Math.log(high / low);
  const x = (ms: number) => layout.left + at(ms) * (layout.width - layout.left - layout.right);
  const y = (ms: number) => layout.height - layout.bottom - at(ms) * (layout.height - layout.top - layout.bottom);
  const ticks = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].filter((ms) => ms > low && ms < high);
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${layout.height}" viewBox="0 0 ${layout.width} ${layout.height}" font-family="sans-serif" font-size="12" fill="#1c1c1c">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    text(16, 22, 'Predicted before any profile was run, and measured', 'font-size="15" font-weight="bold"'),
    text(16, 40, 'a text of 32 tokens, one thread, a core; lines: equal, and 15 % off', 'fill="#6b6b6b"'),
    ...ticks.flatMap((ms) => [
      line(x(ms), layout.top, x(ms), layout.height - layout.bottom, '#e4e4e4'),
      line(layout.left, y(ms), layout.width - layout.right, y(ms), '#e4e4e4'),
      text(x(ms), layout.height - layout.bottom + 18, String(ms), 'text-anchor="middle"'),
      text(layout.left - 8, y(ms) + 4, String(ms), 'text-anchor="end"'),
    ]),
    text(layout.width / 2, layout.height - 16, 'measured, ms', 'text-anchor="middle"'),
    text(16, layout.top - 4, 'predicted, ms', ''),
    line(x(low), y(low), x(high), y(high), '#222222'),
    ...[1.15, 1 / 1.15].map((off) =>
      off > 1
        ? line(x(low), y(low * off), x(high / off), y(high), '#bbbbbb')
        : line(x(low / off), y(low), x(high), y(high * off), '#bbbbbb'),
    ),
    ...points.map(
      ({ id, kind, measured, predicted }) =>
        `<circle cx="${x(measured).toFixed(1)}" cy="${y(predicted).toFixed(1)}" r="4" fill="${colours[kind]}"><title>${id}</title></circle>`,
    ),
    ...Object.entries(colours).flatMap(([kind, colour], place) => [
      `<circle cx="${layout.left + 16}" cy="${layout.top + 16 + 18 * place}" r="4" fill="${colour}"/>`,
      text(layout.left + 28, layout.top + 20 + 18 * place, kind, ''),
    ]),
    '</svg>',
    '',
  ];
  return { 'cost-model-points': svg.join('\n') };
}

function kindOf(id: string): string | undefined {
  if (/^bag-q\d+/.test(id)) return 'bag';
  return /^w[\d.]+-p[\d.]+-(q\d+)/.exec(id)?.[1];
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}
