/** report.html as its readers and their browsers meet it. */
import test from 'ava';
import { type ReportData, type ReportProfile, reportHtml } from '../../src/report/index.js';
import { ladder, sampleReport } from './support.js';

/** Profiles as a build without data knows them. */
const unmeasured: readonly ReportProfile[] = ladder.map(
  ({ profile, params, weightBytes, macsPerToken, latencyMs, rssAnonBytes, rssBytes }) => ({
    profile,
    params,
    weightBytes,
    macsPerToken,
    latencyMs,
    rssAnonBytes,
    rssBytes,
  }),
);

/** What is wrong with the nesting of a page's tags; undefined where nothing is. */
function misnested(page: string): string | undefined {
  const open: string[] = [];
  for (const [whole, closing, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b([^<>]*)>/g)) {
    if (name === 'meta' || rest.endsWith('/')) continue;
    if (!closing) open.push(name);
    else if (open.pop() !== name) return `${whole} after <${open.at(-1)}>`;
  }
  return open.length > 0 ? `never closed: ${open.join(' ')}` : undefined;
}

const rowsOf = (page: string) =>
  [...page.matchAll(/<tr[^>]*>(?:(?!<\/tr>).)*scope="row".*?<\/tr>/gs)].map(([row]) => row);

const textOf = (page: string) =>
  page
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

test('one file that asks for nothing: no script, no address, nothing loaded', (t) => {
  const page = reportHtml(sampleReport());
  t.is(misnested(page), undefined);
  t.notRegex(page, /<script|<link|<img|<iframe|\ssrc=|\shref=|url\(|@import|https?:|\son[a-z]+=/);
  t.regex(page, /Content-Security-Policy" content="default-src 'none'/);
  t.regex(page, /<meta name="viewport" content="width=device-width/);
  for (const media of ['prefers-color-scheme: dark', 'print', 'max-width']) t.true(page.includes(media), media);
});

test('every profile has a row with its number and figures, and a mark with a tooltip in each plot', (t) => {
  const page = reportHtml(sampleReport());
  const rows = rowsOf(page);
  t.is(rows.length, ladder.length);
  for (const [index, { profile, weightBytes }] of ladder.entries()) {
    t.true(rows[index].includes(`>${index + 1}</td>`) && rows[index].includes(`<code>${profile}</code></th>`), profile);
    t.true(rows[index].includes(`<td>${(weightBytes / 1e6).toFixed(1)}</td>`), profile);
    t.is(page.match(new RegExp(`<title>${index + 1}: ${profile.replace('.', '\\.')},`, 'g'))?.length, 6, profile);
  }
});

test('those that are beaten are grey and name what beats them', (t) => {
  const rows = rowsOf(reportHtml(sampleReport()));
  const beaten = ladder.filter(({ dominatedBy }) => dominatedBy !== undefined);
  t.true(beaten.length > 5 && beaten.length < ladder.length - 5);
  for (const [index, { dominatedBy, note }] of ladder.entries()) {
    t.is(rows[index].startsWith('<tr class="dominated">'), dominatedBy !== undefined);
    if (dominatedBy !== undefined) t.true(rows[index].includes(`beaten by <code>${dominatedBy}</code>`));
    if (note !== undefined) t.true(rows[index].includes(note));
  }
});

test('plots, table and sections have names for those who do not see them', (t) => {
  const page = reportHtml(sampleReport());
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  t.is(new Set(ids).size, ids.length);
  for (const [, names] of page.matchAll(/aria-labelledby="([^"]+)"/g))
    for (const name of names.split(' ')) t.true(ids.includes(name), name);
  t.is(page.match(/<svg class="(wide|narrow)"[^>]*role="img" aria-labelledby/g)?.length, 6);
  t.regex(page, /role="region" aria-label="Table of all profiles" tabindex="0"/);
  t.regex(page, /<html lang="en">/);
  const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
  t.is(levels.filter((level) => level === 1).length, 1);
  t.true(
    levels.every((level, i) => i === 0 || level <= levels[i - 1] + 1),
    levels.join(' '),
  );
});

test('the summary says in words what the figures come to', (t) => {
  const profiles: ReportProfile[] = [
    { ...ladder[0], profile: 'w1.00-p0.00-q32', accuracy: 0.94, weightBytes: 90_000_000, dominatedBy: undefined },
    { ...ladder[0], profile: 'w1.00-p0.00-q8', accuracy: 0.942, weightBytes: 23_000_000, dominatedBy: undefined },
    { ...ladder[0], profile: 'w0.50-p0.00-q8', accuracy: 0.93, weightBytes: 9_000_000, dominatedBy: undefined },
    { ...ladder[0], profile: 'w0.50-p0.00-q4', accuracy: 0.9299, weightBytes: 6_000_000, dominatedBy: undefined },
    { ...ladder[0], profile: 'w0.25-p0.00-q32', accuracy: 0.8, weightBytes: 30_000_000, dominatedBy: 'w0.50-p0.00-q8' },
  ].map((each) => ({ ...each, latencyMs: { p50: 1.234, p95: 2 }, rssAnonBytes: 35_000_000 }));
  const text = textOf(reportHtml(sampleReport({ profiles })));
  t.regex(text, /5 profiles of all-MiniLM-L6-v2 for 150 labels, in one bundle of 19\.6 MB\./);
  t.regex(text, /most accurate is w1\.00-p0\.00-q8 with 94\.2 % \(95 % interval 93\.3 % to 95\.0 %\) and 23\.0 MB/);
  t.regex(
    text,
    /smallest within one point of the full model \(w1\.00-p0\.00-q32, 94\.0 %\) is w0\.50-p0\.00-q8 with 93\.0 %/,
  );
  t.regex(text, /9\.0 MB of weights, 10 % of the full model&#39;s, 1\.23 ms a text, 35\.0 MB of anonymous memory/);
  t.regex(text, /1 of the 5 is beaten/);
});

test('what comes from outside is shown, and does nothing', (t) => {
  const evil = `</title></style><script>alert(1)</script><img src=x onerror="alert('&amp;')">\0\u0007\ud800`;
  const sample = sampleReport();
  const data: ReportData = {
    ...sample,
    bundle: { ...sample.bundle, name: evil, checkpoint: evil, licence: evil, recipe: evil, store: evil },
    data: { train: { file: evil, rows: 1 }, evaluation: { file: evil, rows: 2 } },
    tool: evil,
    command: `snug build ${evil}`,
    created: evil,
    machine: { ...sample.machine, cpu: evil, instructionSet: evil, node: evil, onnxruntime: evil },
    profiles: [{ ...ladder[0], profile: evil, note: evil, dominatedBy: evil }, ladder[1]],
  };
  const page = reportHtml(data);
  t.is(misnested(page), undefined);
  t.notRegex(page, /<script|<img/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
  t.notRegex(page, /[\u0000-\u0008]/);
  t.notRegex(page, /\p{Cs}/u);
  t.true(page.includes('&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;'));
  t.true(page.includes('onerror=&quot;alert(&#39;&amp;amp;&#39;)&quot;&gt;\ufffd\ufffd\ufffd'));
});

test('without data: no plots, no accuracies, and it says why', (t) => {
  const page = reportHtml(sampleReport({ profiles: unmeasured, data: { train: null, evaluation: null } }));
  t.is(misnested(page), undefined);
  t.notRegex(page, /NaN|undefined|null|class="mark q/);
  t.false(page.includes('>accuracy<') || page.includes('interval'));
  t.regex(textOf(page), /built without data, so how accurate they are is not known/);
  t.is(rowsOf(page).length, ladder.length);
});

test('without latency and memory: their plots say so, their columns are gone', (t) => {
  const bare = ladder.map((each) => ({ ...each, latencyMs: null, rssAnonBytes: null, rssBytes: null }));
  const page = reportHtml(sampleReport({ profiles: bare }));
  t.is(misnested(page), undefined);
  t.notRegex(page, /NaN|undefined|null/);
  t.is(page.match(/<svg class="wide"/g)?.length, 1);
  t.true(page.includes('Memory was not measured.') && page.includes('Latency was not measured.'));
  t.false(page.includes('p50, ms') || page.includes('anonymous, '));
});

test('figures that one profile lacks leave a dash; one profile alone is a report too', (t) => {
  const page = reportHtml(sampleReport({ profiles: [{ ...ladder[0], latencyMs: null }, ladder[1]] }));
  t.true(rowsOf(page)[0].includes('<td>–</td>'));
  const alone = reportHtml(sampleReport({ profiles: [{ ...ladder[0], dominatedBy: undefined }] }));
  t.is(misnested(alone), undefined);
  t.notRegex(alone, /NaN|Infinity|undefined|null/);
  t.regex(textOf(alone), /One profile of .* No smaller one is within one point/);
});

test('a network that was trained has its curves; one that was not has none', (t) => {
  t.notRegex(reportHtml(sampleReport()), /How training went/);
  const points = [
    { step: 1, loss: 4.9 },
    { step: 50, loss: 1.2, accuracy: 0.9 },
    { step: 100, loss: 0.6, accuracy: 0.96 },
  ];
  const page = reportHtml({ ...sampleReport(), training: [{ phase: 'fine-tuning', points }] });
  t.is(misnested(page), undefined);
  t.regex(page, /aria-label="loss while fine-tuning: 4\.90 at first, 0\.60 at last"/);
  t.regex(page, /right on eval rows while fine-tuning: 90\.0 % at first, 96\.0 % at last/);
});
