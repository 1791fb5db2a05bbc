/** The table of all profiles: one row each, with the columns for which there are figures. */
import type { ReportData, ReportProfile } from './data.js';
import { byteUnit, inUnit, milliseconds } from './figures.js';
import { wilson } from './interval.js';
import { html, type Markup } from './markup.js';

interface Column {
  readonly title: string;
  /** Below the title: the unit, or what more there is to say. */
  readonly unit: string;
  /** Undefined where the profile has nothing to show there. */
  readonly cell: (profile: ReportProfile) => string | Markup | undefined;
  readonly isText?: true;
}

export function profileTable(data: ReportData): Markup {
  const { profiles } = data;
  const columns = columnsOf(data).filter(({ cell }) => profiles.some((profile) => cell(profile) !== undefined));
  const header = columns.map(
    ({ title, unit, isText }) => html`<th scope="col"${kind(isText && 'text')}>${title}<small>${unit}</small></th>`,
  );
  const rows = profiles.map((profile, index) => row(profile, index + 1, columns));
  const beaten = profiles.some(({ dominatedBy }) => dominatedBy !== undefined);
  const grey = ' Rows in grey are beaten: the profile in the remark is at least as accurate and costs no more.';
  return html`<div class="scroll" role="region" aria-label="Table of all profiles" tabindex="0">
<table>
<caption>One row a profile.${beaten ? grey : ''}</caption>
<thead><tr><th scope="col" class="number">No.</th><th scope="col" class="name">profile</th>${header}</tr></thead>
<tbody>
${rows}
</tbody>
</table>
</div>`;
}

function row(profile: ReportProfile, number: number, columns: readonly Column[]): Markup {
  const cells = columns.map(
    ({ cell, isText }) => html`<td${kind(isText && 'text')}>${cell(profile) ?? (isText ? '' : '–')}</td>`,
  );
  const beaten = profile.dominatedBy !== undefined;
  return html`<tr${kind(beaten && 'dominated')}><td class="number">${number}</td><th scope="row" class="name"><code>${profile.profile}</code></th>${cells}</tr>`;
}

const kind = (name: string | false | undefined) => (name ? html` class="${name}"` : undefined);

function columnsOf({ data, profiles }: ReportData): Column[] {
  const rows = data.evaluation?.rows;
  const interval = (accuracy: number | undefined) => {
    if (accuracy === undefined || !rows) return undefined;
    const { low, high } = wilson(accuracy, rows);
    return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`;
  };
  const share = (value: number | undefined) => (value === undefined ? undefined : (100 * value).toFixed(2));
  const time = (value: number | undefined) => (value === undefined ? undefined : milliseconds(value));
  const size = (title: string, what: string, of: (profile: ReportProfile) => number | null): Column => {
    const unit = byteUnit(profiles.flatMap((profile) => of(profile) ?? []));
    const text = (value: number | null) => (value === null ? undefined : inUnit(value, unit));
    return { title, unit: `${what}${unit.name}`, cell: (profile) => text(of(profile)) };
  };
  return [
    { title: 'accuracy', unit: 'all rows, %', cell: ({ accuracy }) => share(accuracy) },
    { title: '95 % interval', unit: 'of accuracy, %', cell: ({ accuracy }) => interval(accuracy) },
    size('weights', '', ({ weightBytes }) => weightBytes),
    size('memory', 'anonymous, ', ({ rssAnonBytes }) => rssAnonBytes),
    size('memory', 'all, ', ({ rssBytes }) => rssBytes),
    { title: 'latency', unit: 'p50, ms', cell: ({ latencyMs }) => time(latencyMs?.p50) },
    { title: 'latency', unit: 'p95, ms', cell: ({ latencyMs }) => time(latencyMs?.p95) },
    { title: 'remark', unit: '', isText: true, cell: remark },
    { title: 'in scope', unit: 'refusal off, %', cell: ({ inScopeTop1 }) => share(inScopeTop1) },
    { title: 'in scope', unit: 'refusal on, %', cell: ({ inScopeAccuracy }) => share(inScopeAccuracy) },
    { title: 'out of scope', unit: 'refused, %', cell: ({ outOfScopeRecall }) => share(outOfScopeRecall) },
    { title: 'parameters', unit: 'millions', cell: ({ params }) => millions(params) },
    { title: 'MACs', unit: 'millions a token', cell: ({ macsPerToken }) => millions(macsPerToken) },
  ];
}

function remark({ note, dominatedBy }: ReportProfile): Markup | undefined {
  const beaten = dominatedBy === undefined ? undefined : html`beaten by <code>${dominatedBy}</code>`;
  if (note === undefined) return beaten;
  return html`${note}${beaten && '; '}${beaten}`;
}

const millions = (value: number) => (value / 1e6).toFixed(value < 1e6 ? 2 : 1);
