/** The table of all profiles: one row each, with the columns for which there are figures. */
import type { ReportData, ReportProfile } from './data.js';
import { byteUnit, inUnit, milliseconds, percent } from './figures.js';
import { wilson } from './interval.js';
import { html, type Markup } from './markup.js';

interface Column {
  readonly title: string;
  /** Below the title: the unit, or what more there is to say. */
  readonly unit: string;
  /** Text of a cell; undefined where the profile has no such figure. */
  readonly cell: (profile: ReportProfile) => string | undefined;
}

export function profileTable(data: ReportData): Markup {
  const { profiles } = data;
  const columns = columnsOf(data).filter(({ cell }) => profiles.some((profile) => cell(profile) !== undefined));
  const header = columns.map(({ title, unit }) => html`<th scope="col">${title}<small>${unit}</small></th>`);
  const numbers = new Map(profiles.map(({ profile }, index) => [profile, index + 1]));
  const rows = profiles.map((profile, index) => row(profile, index + 1, columns, numbers));
  const caption =
    'All profiles. Rows in grey are beaten by the one named last: it is at least as accurate and costs no more.';
  return html`<div class="scroll" role="region" aria-label="Table of all profiles" tabindex="0">
<table>
<caption>${caption}</caption>
<thead><tr><th scope="col" class="number">No.</th><th scope="col" class="name">profile</th>${header}<th scope="col" class="remark">remark</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</div>`;
}

function row(
  profile: ReportProfile,
  number: number,
  columns: readonly Column[],
  numbers: ReadonlyMap<string, number>,
): Markup {
  const { dominatedBy, note } = profile;
  const cells = columns.map(({ cell }) => html`<td>${cell(profile) ?? '–'}</td>`);
  const beating = dominatedBy === undefined ? undefined : numbers.get(dominatedBy);
  const where = beating === undefined ? '' : ` (No. ${beating})`;
  const beaten = dominatedBy === undefined ? undefined : html`beaten by <code>${dominatedBy}</code>${where}`;
  const remark = html`${note}${note !== undefined && beaten ? '; ' : undefined}${beaten}`;
  const kind = beaten ? html` class="dominated"` : undefined;
  return html`<tr${kind}><td class="number">${number}</td><th scope="row" class="name"><code>${profile.profile}</code></th>${cells}<td class="remark">${remark}</td></tr>`;
}

function columnsOf({ data, profiles }: ReportData): Column[] {
  const optional = (of: (profile: ReportProfile) => number | undefined) => (profile: ReportProfile) => {
    const share = of(profile);
    return share === undefined ? undefined : percent(share, 2);
  };
  const sizes = (of: (profile: ReportProfile) => number | null) => {
    const known = profiles.flatMap((profile) => of(profile) ?? []);
    const unit = byteUnit(known);
    const cell = (profile: ReportProfile) => {
      const size = of(profile);
      return size === null ? undefined : inUnit(size, unit);
    };
    return { unit: unit.name, cell };
  };
  const rows = data.evaluation?.rows;
  return [
    { title: 'accuracy', unit: 'all rows', cell: optional(({ accuracy }) => accuracy) },
    {
      title: '95 % interval',
      unit: 'of accuracy, %',
      cell: ({ accuracy }) => {
        if (accuracy === undefined || !rows) return undefined;
        const { low, high } = wilson(accuracy, rows);
        return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
      },
    },
    { title: 'in scope', unit: 'refusal off', cell: optional(({ inScopeTop1 }) => inScopeTop1) },
    { title: 'in scope', unit: 'refusal on', cell: optional(({ inScopeAccuracy }) => inScopeAccuracy) },
    { title: 'out of scope', unit: 'refused', cell: optional(({ outOfScopeRecall }) => outOfScopeRecall) },
    { title: 'weights', ...sizes(({ weightBytes }) => weightBytes) },
    {
      title: 'memory',
      ...prefixed(
        'anonymous',
        sizes(({ rssAnonBytes }) => rssAnonBytes),
      ),
    },
    {
      title: 'memory',
      ...prefixed(
        'all',
        sizes(({ rssBytes }) => rssBytes),
      ),
    },
    { title: 'latency', unit: 'p50, ms', cell: ({ latencyMs }) => latencyMs && milliseconds(latencyMs.p50) } as Column,
    { title: 'latency', unit: 'p95, ms', cell: ({ latencyMs }) => latencyMs && milliseconds(latencyMs.p95) } as Column,
    { title: 'parameters', unit: 'millions', cell: ({ params }) => millions(params) },
    { title: 'MACs', unit: 'millions a token', cell: ({ macsPerToken }) => millions(macsPerToken) },
  ];
}

const prefixed = (word: string, { unit, cell }: Omit<Column, 'title'>) => ({ unit: `${word}, ${unit}`, cell });

const millions = (value: number) => (value / 1e6).toFixed(value < 1e6 ? 2 : 1);
