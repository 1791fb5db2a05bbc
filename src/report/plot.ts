/** A plot of accuracy against a cost, as SVG. Colours come from the page's style. */
import type { ReportData, ReportProfile } from './data.js';
import { byteUnit, inUnit, milliseconds, percent } from './figures.js';
import { type Format, formats, type Layout, layoutPlot, type PlacedPoint, type Point } from './layout.js';
import { type Mark, markOf, pathOf } from './mark.js';
import { html, type Markup } from './markup.js';

export interface PlotKind {
  readonly id: string;
  readonly title: string;
  /** What there is to say where no profile has the figure. */
  readonly missing: string;
  readonly of: (profile: ReportProfile) => number | null;
  readonly isBytes: boolean;
}

export const plotKinds: readonly PlotKind[] = [
  {
    id: 'bytes',
    title: 'Accuracy against bytes of weights',
    missing: '',
    of: ({ weightBytes }) => weightBytes,
    isBytes: true,
  },
  {
    id: 'memory',
    title: 'Accuracy against anonymous memory',
    missing: 'Memory was not measured.',
    of: ({ rssAnonBytes }) => rssAnonBytes,
    isBytes: true,
  },
  {
    id: 'latency',
    title: 'Accuracy against latency',
    missing: 'Latency was not measured.',
    of: ({ latencyMs }) => latencyMs?.p50 ?? null,
    isBytes: false,
  },
];

const axisNames: Readonly<Record<string, string>> = {
  bytes: 'weights',
  memory: 'anonymous memory of the process',
  latency: 'median time a text',
};

/** The profiles that have both figures, as points. */
export function pointsOf({ profiles }: ReportData, { of }: PlotKind): Point[] {
  return profiles.flatMap((each, index) => {
    const cost = of(each);
    const { accuracy, profile } = each;
    return cost === null || accuracy === undefined ? [] : [{ number: index + 1, profile, accuracy, cost }];
  });
}

/** A figure with the plot in two formats, of which the style shows one, and the front in words. */
export function plotFigure(data: ReportData, kind: PlotKind): Markup {
  const points = pointsOf(data, kind);
  if (points.length === 0) return html`<h3>${kind.title}</h3><p>${kind.missing}</p>`;
  const costs = costText(points, kind);
  const wide = layoutPlot(points, formats.wide);
  const front = wide.points.filter(({ onFront }) => onFront);
  return html`<figure class="plot">
<h3>${kind.title}</h3>
${draw(kind, wide, formats.wide, 'wide', costs)}
${draw(kind, layoutPlot(points, formats.narrow), formats.narrow, 'narrow', costs)}
<figcaption>On the front, from the cheapest: ${frontList(front, costs)}</figcaption>
</figure>`;
}

interface CostText {
  readonly unit: string;
  readonly full: (cost: number) => string;
  readonly tick: (cost: number) => string;
}

function costText(points: readonly Point[], { isBytes }: PlotKind): CostText {
  const short = (value: number) => String(Number(value.toPrecision(3)));
  if (!isBytes) return { unit: 'ms', full: (ms) => `${milliseconds(ms)} ms`, tick: short };
  const unit = byteUnit(points.map(({ cost }) => cost));
  return {
    unit: unit.name,
    full: (size) => `${inUnit(size, unit)} ${unit.name}`,
    tick: (size) => short(size / unit.size),
  };
}

function frontList(front: readonly PlacedPoint[], costs: CostText): Markup {
  const items = front.map(
    ({ number, profile, accuracy, cost }) =>
      html`<li><b>${number}</b> <code>${profile}</code> ${percent(accuracy)}, ${costs.full(cost)}</li>`,
  );
  return html`<ol class="front">${items}</ol>`;
}

function draw(kind: PlotKind, layout: Layout, format: Format, name: string, costs: CostText): Markup {
  const { frame, points, steps } = layout;
  const id = `${kind.id}-${name}`;
  const front = points.filter(({ onFront }) => onFront).map(({ profile }) => profile);
  const path = `M${steps.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`;
  const middle = (frame.top + frame.bottom) / 2;
  const [first] = steps;
  const area = `${path}L${frame.right} ${frame.bottom}L${first.x.toFixed(1)} ${frame.bottom}Z`;
  const logarithmic = [
    layout.cost.logarithmic ? ', logarithmic' : '',
    layout.accuracy.logarithmic ? ', logarithmic in errors' : '',
  ];
  return html`<svg class="${name}" viewBox="0 0 ${format.width} ${format.height}" role="img" aria-labelledby="${id}-title ${id}-about">
<title id="${id}-title">${kind.title}</title>
<desc id="${id}-about">${points.length} profiles; on the Pareto front, from the cheapest: ${front.join(', ')}. All figures stand in the table.</desc>
${ticks(layout, costs)}
<path class="beaten" d="${area}"/>
<path class="steps" d="${path}"/>
${points.map((point) => pointOf(point, costs))}
${points.map((point) => labelOf(point, format))}
<text class="axis" x="${((frame.left + frame.right) / 2).toFixed(0)}" y="${format.height - 6}" text-anchor="middle">${axisNames[kind.id]}, ${costs.unit}${logarithmic[0]}</text>
<text class="axis" x="11" y="${middle.toFixed(0)}" text-anchor="middle" transform="rotate(-90 11 ${middle.toFixed(0)})">accuracy, %${logarithmic[1]}</text>
</svg>`;
}

function ticks({ frame, costTicks, accuracyTicks }: Layout, costs: CostText): Markup {
  const vertical = costTicks.map(([value, x]) => {
    const at = x.toFixed(1);
    return html`<path class="grid" d="M${at} ${frame.top}V${frame.bottom}"/><text class="tick" x="${at}" y="${frame.bottom + 15}" text-anchor="middle">${costs.tick(value)}</text>`;
  });
  const horizontal = accuracyTicks.map(([share, y]) => {
    const at = y.toFixed(1);
    return html`<path class="grid" d="M${frame.left} ${at}H${frame.right}"/><text class="tick" x="${frame.left - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end">${Number((100 * share).toFixed(2))}</text>`;
  });
  return html`${vertical}
${horizontal}
<path class="frame" d="M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}"/>`;
}

const coloured = ({ bits }: Mark) => (bits === 32 || bits === 8 || bits === 4 ? `q${bits}` : 'other');

function pointOf(
  { x, y, mark, radius, onFront, number, profile, accuracy, cost }: PlacedPoint,
  costs: CostText,
): Markup {
  const kind = onFront ? 'on' : 'off';
  return html`<path class="mark ${coloured(mark)} ${kind}" d="${pathOf(mark.shape, x, y, radius)}"><title>${number}: ${profile}, ${percent(accuracy)}, ${costs.full(cost)}</title></path>`;
}

/** Letters are given the width that was reckoned with, whatever font they are drawn in. */
function labelOf({ label, text, onFront }: PlacedPoint, { nameSize, numberSize }: Format): Markup {
  if (!label) return html``;
  const { box, leader } = label;
  const size = onFront ? nameSize : numberSize;
  const line =
    leader &&
    html`<path class="leader" d="M${leader.from.x.toFixed(1)} ${leader.from.y.toFixed(1)}L${leader.to.x.toFixed(1)} ${leader.to.y.toFixed(1)}"/>`;
  const length = html` textLength="${(box.right - box.left).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`;
  return html`${line}<text class="label ${onFront ? 'on' : 'off'}" x="${box.left.toFixed(1)}" y="${(box.bottom - size * 0.16).toFixed(1)}" font-size="${size}"${length}>${text}</text>`;
}

/** What colours, shapes and sizes mean: those that there are. */
export function legend({ profiles }: ReportData): Markup {
  const marks = profiles.map(({ profile }) => markOf(profile));
  const bits = [...new Set(marks.map((mark) => mark.bits))].sort((a, b) => b - a);
  const shapes = [...new Map(marks.map((mark) => [mark.means, mark.shape]))];
  const widths = [...new Set(marks.map(({ width }) => width))];
  const key = (classes: string, shape: Mark['shape'], radius: number, meaning: string) =>
    html`<li><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path class="mark ${classes}" d="${pathOf(shape, 8, 8, radius)}"/></svg> ${meaning}</li>`;
  const colours = bits.map((each) => key(`${coloured({ ...marks[0], bits: each })} on`, 'circle', 5, `${each} bits`));
  const forms = shapes.map(([means, shape]) => key('plain off', shape, 4.6, means));
  return html`<ul class="legend">
${colours}
${forms}
${widths.length > 1 ? html`<li>the wider the network, the larger the mark</li>` : undefined}
${key('plain on', 'circle', 5, 'filled: on the Pareto front')}
${key('plain off', 'circle', 5, 'outlined: another is at least as accurate and no dearer')}
</ul>`;
}
