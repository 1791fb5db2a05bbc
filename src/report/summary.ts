/** What the figures come to, in words. */
import type { ReportData, ReportProfile } from './data.js';
import { bytes, count, milliseconds, percent } from './figures.js';
import { wilson } from './interval.js';
import { html, type Markup } from './markup.js';

/** How far below the full model a profile may be to count as about as good. */
const CLOSE = 0.01;
const FULL = 'w1.00-p0.00-q32';

type Measured = ReportProfile & { readonly accuracy: number };

const isMeasured = (profile: ReportProfile): profile is Measured => profile.accuracy !== undefined;

/** The one with the least of something; undefined where none has it. */
function least<Profile>(profiles: readonly Profile[], of: (profile: Profile) => number | null): Profile | undefined {
  let best: { profile: Profile; value: number } | undefined;
  for (const profile of profiles) {
    const value = of(profile);
    if (value !== null && (best === undefined || value < best.value)) best = { profile, value };
  }
  return best?.profile;
}

/** The uncut network, or the largest profile where there is none. */
const fullOf = (profiles: readonly ReportProfile[]) =>
  profiles.find(({ profile }) => profile === FULL) ?? least(profiles, ({ weightBytes }) => -weightBytes);

/** Those at most a point below the full model. */
function closeTo(full: ReportProfile | undefined, measured: readonly Measured[]): Measured[] {
  const bar = (full?.accuracy ?? Number.POSITIVE_INFINITY) - CLOSE;
  // Shares are quotients of counts: half a row in a million more does not make another answer.
  return measured.filter(({ accuracy }) => accuracy >= bar - 1e-9);
}

/** A paragraph that stands at the top. */
export function summary(data: ReportData): Markup {
  const { bundle, profiles } = data;
  const size = bundle.bytes === undefined ? '' : ` of ${bytes(bundle.bytes)}`;
  const counted = profiles.length === 1 ? 'One profile' : `${profiles.length} profiles`;
  const what = html`${counted} of ${bundle.checkpoint} for ${count(bundle.labels)} labels, in one bundle${size}.`;
  const measured = profiles.filter(isMeasured);
  const best = least(measured, ({ accuracy }) => -accuracy);
  if (!best) {
    const smallest = least(profiles, ({ weightBytes }) => weightBytes);
    const names = smallest && html` The smallest is ${name(smallest)} with ${bytes(smallest.weightBytes)} of weights.`;
    return html`<p class="summary">${what}${names} The bundle was built without data, so how accurate they are is not known.</p>`;
  }
  const rows = data.data.evaluation?.rows;
  const { low, high } = wilson(best.accuracy, rows ?? 1);
  const interval = rows ? ` (95 % interval ${percent(low)} to ${percent(high)})` : '';
  const beaten = profiles.filter(({ dominatedBy }) => dominatedBy !== undefined).length;
  return html`<p class="summary">${what} The most accurate is ${name(best)} with ${percent(best.accuracy)}${interval} and ${bytes(best.weightBytes)} of weights.
${closest(profiles, measured)}${beaten > 0 ? ` ${share(beaten, profiles.length)} beaten by another that is at least as accurate and costs no more.` : ''}</p>`;
}

const share = (some: number, all: number) => `${some} of the ${all} ${some === 1 ? 'is' : 'are'}`;

const name = ({ profile }: ReportProfile) => html`<code>${profile}</code>`;

/** The smallest that is about as good as the full model, and what it costs beside it. */
function closest(profiles: readonly ReportProfile[], measured: readonly Measured[]): Markup | undefined {
  const full = fullOf(profiles);
  const smallest = least(closeTo(full, measured), ({ weightBytes }) => weightBytes);
  if (!full || full.accuracy === undefined || !smallest) return undefined;
  const reference = html`within one point of the full model (${name(full)}, ${percent(full.accuracy)})`;
  if (smallest === full) return html`No smaller one is ${reference}.`;
  const part = percent(smallest.weightBytes / full.weightBytes, 0);
  const costs = [`${bytes(smallest.weightBytes)} of weights, ${part} of the full model's`];
  if (smallest.latencyMs) costs.push(`${milliseconds(smallest.latencyMs.p50)} ms a text`);
  if (smallest.rssAnonBytes !== null) costs.push(`${bytes(smallest.rssAnonBytes)} of anonymous memory`);
  return html`The smallest ${reference} is ${name(smallest)} with ${percent(smallest.accuracy)}: ${costs.join(', ')}.`;
}

/** The profiles that most readers look for, each once, with what they are. */
export function picks({ profiles }: ReportData): Markup | undefined {
  const measured = profiles.filter(isMeasured);
  if (measured.length < 2) return undefined;
  const close = closeTo(fullOf(profiles), measured);
  const wanted: readonly (readonly [adjective: string, where: string, Measured | undefined])[] = [
    ['most accurate', '', least(measured, ({ accuracy }) => -accuracy)],
    ['smallest', 'within one point', least(close, ({ weightBytes }) => weightBytes)],
    ['fastest', 'within one point', least(close, ({ latencyMs }) => latencyMs?.p50 ?? null)],
    ['least memory', 'within one point', least(close, ({ rssAnonBytes }) => rssAnonBytes)],
    ['smallest', 'of all', least(measured, ({ weightBytes }) => weightBytes)],
  ];
  const titles = new Map<Measured, Map<string, string[]>>();
  for (const [adjective, where, profile] of wanted) {
    if (!profile) continue;
    const said = titles.get(profile) ?? new Map<string, string[]>();
    titles.set(profile, said.set(where, [...(said.get(where) ?? []), adjective]));
  }
  const cards = [...titles].map(([profile, said]) => {
    const title = [...said].map(([where, adjectives]) => `${adjectives.join(', ')} ${where}`.trim()).join('; ');
    const latency = profile.latencyMs && html`<li>${milliseconds(profile.latencyMs.p50)} ms a text</li>`;
    const memory = profile.rssAnonBytes !== null ? html`<li>${bytes(profile.rssAnonBytes)} anonymous</li>` : undefined;
    return html`<li class="pick"><p class="what">${title}</p>
<p class="figure">${percent(profile.accuracy)}</p>
<p>${name(profile)}</p>
<ul><li>${bytes(profile.weightBytes)} weights</li>${latency ?? undefined}${memory}</ul></li>`;
  });
  return html`<ul class="picks">${cards}</ul>`;
}
