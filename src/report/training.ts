/** How training went: loss and accuracy on eval rows over the steps of each phase. */
import type { ReportData, TrainingCurve } from './data.js';
import { count } from './figures.js';
import { html, Markup } from './markup.js';

const WIDTH = 420;
const HEIGHT = 150;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 10;

interface Line {
  readonly what: string;
  readonly text: (value: number) => string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

export function trainingSection({ training = [] }: ReportData): Markup | undefined {
  const curves = training.filter(({ points }) => points.length > 1);
  if (curves.length === 0) return undefined;
  return html`<section aria-labelledby="training">
<h2 id="training">How training went</h2>
${curves.map(phase)}
</section>`;
}

function phase({ phase: name, points }: TrainingCurve): Markup {
  const lines: Line[] = [
    { what: 'loss', text: (value) => value.toFixed(2), points: points.map(({ step, loss }) => [step, loss] as const) },
    {
      what: 'right on eval rows',
      text: (value) => `${(100 * value).toFixed(1)} %`,
      points: points.flatMap(({ step, accuracy }) => (accuracy === undefined ? [] : [[step, accuracy] as const])),
    },
  ];
  return html`<h3>${name[0].toUpperCase()}${name.slice(1)}</h3>
<div class="plots">${lines.filter((line) => line.points.length > 1).map((line) => figure(name, line))}</div>`;
}

function figure(name: string, { what, text, points }: Line): Markup {
  const steps = points.map(([step]) => step);
  const values = points.map(([, value]) => value);
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (step: number) => LEFT + ((step - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 10);
  const y = (value: number) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const path = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const label = `${what} while ${name}: ${text(values[0])} at first, ${text(values[values.length - 1])} at last`;
  return html`<figure class="plot"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
<text class="tick" x="${LEFT - 6}" y="${y(high) + 4}" text-anchor="end">${text(high)}</text>
<text class="tick" x="${LEFT - 6}" y="${y(low) + 4}" text-anchor="end">${text(low)}</text>
<text class="tick" x="${LEFT}" y="${HEIGHT - 6}">step ${count(first)}</text>
<text class="tick" x="${WIDTH - 10}" y="${HEIGHT - 6}" text-anchor="end">${count(last)}</text>
<polyline class="steps" fill="none" points="${new Markup(path)}"/>
</svg><figcaption>${what}</figcaption></figure>`;
}
