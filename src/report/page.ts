/** report.html: one file that needs nothing else, no script, no network. */
import type { ReportData, ReportFile } from './data.js';
import { bytes, count, duration } from './figures.js';
import { html, Markup } from './markup.js';
import { legend, plotFigure, plotKinds } from './plot.js';
import { style } from './style.js';
import { picks, summary } from './summary.js';
import { profileTable } from './table.js';
import { trainingSection } from './training.js';

/** The page as text. */
export function reportHtml(data: ReportData): string {
  const { bundle } = data;
  const title = `${bundle.checkpoint} in ${count(data.profiles.length)} profile${data.profiles.length === 1 ? '' : 's'}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${bundle.name}: ${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<p class="kicker">Report of the elastic bundle <b>${bundle.name}</b></p>
<h1>${title}</h1>
${summary(data)}
</header>
<main>
${picks(data)}
${plots(data)}
<section class="all" aria-labelledby="profiles">
<h2 id="profiles">All profiles</h2>
${profileTable(data)}
</section>
${trainingSection(data)}
${measured(data)}
</main>
<footer><p>Written by ${data.tool}, <time datetime="${data.created}">${date(data.created)}</time>. The same figures for programs: report.json.</p></footer>
</body>
</html>
`;
  return page.text;
}

function plots(data: ReportData): Markup | undefined {
  if (data.profiles.every(({ accuracy }) => accuracy === undefined)) return undefined;
  return html`<section aria-labelledby="plots">
<h2 id="plots">What accuracy costs</h2>
<p>The line is the Pareto front: what lies below it or to its right is beaten by a profile on it. Numbers are those of the table's rows.</p>
${legend(data)}
${plotKinds.map((kind) => plotFigure(data, kind))}
</section>`;
}

function measured(data: ReportData): Markup {
  const { bundle, machine } = data;
  const { train, evaluation } = data.data;
  return html`<section class="about" aria-labelledby="measured">
<h2 id="measured">How this was measured</h2>
${accuracyText(evaluation)}
<p><b>Latency</b> is the time from a text to its answer, one text at a time and at its own length, on one thread of the machine below:
p50 is the median, p95 what 95 % of the texts stay below. <b>Memory</b> is the resident memory of the process that answers: anonymous is what the
kernel can't take back, all has the mapped weights and libraries too. Ratios between profiles carry over to other machines better than
milliseconds do; what counts for a board is measured on that board.</p>
<p><b>Weights</b> are counted, not measured: the bytes of all numbers that the profile holds. <b>MACs</b> are multiplications with weights
for one token.</p>
<div class="facts">
${facts('Machine', [
  ['processor', machine.cpu],
  ['cores', count(machine.cores)],
  ['memory', bytes(machine.memoryBytes)],
  ['instruction set', machine.instructionSet],
  ['runtime', `onnxruntime ${machine.onnxruntime}`],
  ['Node.js', machine.node],
])}
${facts('Bundle', [
  ['checkpoint', bundle.checkpoint],
  ['licence', bundle.licence ?? 'not stated'],
  ['labels', count(bundle.labels)],
  ['size', bundle.bytes === undefined ? undefined : bytes(bundle.bytes)],
  ['recipe', bundle.recipe],
  ['stored as', bundle.store],
  ['fitted on', fileText(train)],
  ['evaluated on', fileText(evaluation)],
  ['built in', duration(data.seconds)],
])}
</div>
<h3>The command</h3>
<pre tabindex="0"><code>${data.command}</code></pre>
</section>`;
}

function accuracyText(evaluation: ReportFile | null): Markup {
  if (!evaluation)
    return html`<p><b>Accuracy</b> was not measured: the bundle was built without data and keeps the head of its checkpoint.</p>`;
  const { file, rows } = evaluation;
  return html`<p><b>Accuracy</b> is the share of right answers over all ${count(rows)} rows of <code>${file}</code>, each profile really cut and run. A row with a
label is right where the profile answers that label, and wrong where it refuses; a row that belongs to no label is right where it is refused.
In scope counts the rows with a label alone, with refusal off and on. The interval is Wilson's score interval at 95 % for ${count(rows)} rows: another
draw of as many rows would move an accuracy about that far. Differences smaller than that may be chance.</p>
<p>The same rows chose and calibrated the heads, so these figures order the profiles; what to expect in the field is told by rows
that the build has not seen (<code>snug eval</code>). With 8-bit weights, answers differ a little between instruction sets.</p>`;
}

const fileText = (found: ReportFile | null) => found && `${found.file}, ${count(found.rows)} rows`;

function facts(title: string, entries: readonly (readonly [string, string | null | undefined])[]): Markup {
  const known = entries.flatMap(([name, value]) => (value ? [html`<dt>${name}</dt><dd>${value}</dd>`] : []));
  return html`<div><h3>${title}</h3><dl>${known}</dl></div>`;
}

/** `2026-11-24 04:36 UTC`; as it was given where it is no date. */
function date(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
