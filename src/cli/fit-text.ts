/** What `snug fit` tells a person: limits, a table of the candidates, a picture of the ladder. */
import type { Advisor, Candidate, Choice } from '../fit/index.js';
import type { Limits, Reading } from '../profile/index.js';
import { table } from './ladder-table.js';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);

export function describeFit(choice: Choice, limits: Limits, advisor: Advisor): string {
  const { chosen, next } = choice;
  const parts = [
    `${chosen.profile}: ${chosen.reason}.`,
    ...(next ? [`For ${next.profile} (${percent(next.accuracy)}) it would take ${next.needs}.`] : []),
    '',
    ...limitLines(choice, limits),
    `speed    ${advisor.basis}; one text of ${advisor.tokens} tokens, ${advisor.threads} ${advisor.threads === 1 ? 'thread' : 'threads'}`,
    '',
    ...pictureOf(choice),
    '',
  ];
  return `${parts.join('\n')}\n${candidateTable(choice)}`;
}

function limitLines({ allowed }: Choice, limits: Limits): string[] {
  const lines: [string, string][] = [
    [
      'memory',
      `${allowed.memoryBytes === null ? 'not known' : `${megabytes(allowed.memoryBytes)} for a profile`}; ${of('limit', limits.memoryLimitBytes, megabytes)}; ${of('available', limits.ramAvailableBytes, megabytes)}`,
    ],
    ['cores', `${of('', limits.cores, String)}; ${of('quota', limits.quotaCores, (cores) => cores.toFixed(2))}`],
    ...(allowed.latencyMs === null ? [] : [['latency', `${allowed.latencyMs} ms for a text`] as [string, string]]),
  ];
  return lines.map(([name, text]) => `${name.padEnd(8)} ${text}`);
}

function of<T>(name: string, { value, source, none }: Reading<T>, shown: (value: T) => string): string {
  const before = name === '' ? '' : `${name} `;
  return value === null
    ? `${before}${none ? source.replace(/^none: /, 'none, ') : source}`
    : `${before}${shown(value)} (${source})`;
}

function candidateTable({ candidates, chosen }: Choice): string {
  const sorted = candidates.toSorted((a, b) => (b.accuracy ?? 0) - (a.accuracy ?? 0));
  const rows = sorted.map(({ profile, accuracy, predicted, fits, reason }) => [
    `${profile === chosen.profile ? '→' : ' '} ${profile}`,
    percent(accuracy),
    `${predicted.latencyMs.toFixed(2)} ms`,
    megabytes(predicted.rssAnonBytes),
    megabytes(predicted.rssBytes),
    fits ? 'yes' : 'no',
    reason,
  ]);
  const header = ['  profile', 'accuracy', 'a text', 'anonymous', 'all memory', 'fits', 'why'];
  // The reason stands to the left, which the table's other columns don't.
  const width = Math.max(...rows.map((row) => row[6].length), header[6].length);
  return table(
    [...header.slice(0, 6), header[6].padEnd(width)],
    rows.map((row) => [...row.slice(0, 6), row[6].padEnd(width)]),
  );
}

const WIDTH = 64;
const HEIGHT = 12;
/** Drawn over what is drawn before them. */
const MARKS = { no: '·', yes: 'o', chosen: '●' } as const;

/** Accuracy over predicted latency, which grows by factors. */
function pictureOf({ candidates, chosen }: Choice): string[] {
  const known = candidates.filter((each): each is Candidate & { accuracy: number } => each.accuracy !== null);
  if (known.length < 2) return [];
  const across = scaleOf(
    known.map(({ predicted }) => Math.log(predicted.latencyMs)),
    WIDTH,
  );
  const up = scaleOf(
    known.map(({ accuracy }) => accuracy),
    HEIGHT,
  );
  const rows = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
  const draw = (mark: string, those: typeof known) => {
    for (const { accuracy, predicted } of those)
      rows[HEIGHT - 1 - up.at(accuracy)][across.at(Math.log(predicted.latencyMs))] = mark;
  };
  draw(
    MARKS.no,
    known.filter(({ fits }) => !fits),
  );
  draw(
    MARKS.yes,
    known.filter(({ fits }) => fits),
  );
  draw(
    MARKS.chosen,
    known.filter(({ profile }) => profile === chosen.profile),
  );
  const ends = [Math.exp(across.low), Math.exp(across.high)].map((ms) => `${ms.toFixed(2)} ms`);
  const label = (row: number) => (row === 0 ? percent(up.high) : row === HEIGHT - 1 ? percent(up.low) : '').padStart(8);
  return [
    ...rows.map((row, at) => `${label(at)} │${row.join('').trimEnd()}`),
    `${''.padStart(8)} └${'─'.repeat(WIDTH)}`,
    `${''.padStart(10)}${ends[0]}${ends[1].padStart(WIDTH - ends[0].length)}`,
    `${''.padStart(10)}${MARKS.chosen} chosen  ${MARKS.yes} fits  ${MARKS.no} does not fit`,
  ];
}

function scaleOf(values: readonly number[], size: number) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = (value: number) => (high === low ? 0 : Math.round(((value - low) / (high - low)) * (size - 1)));
  return { low, high, at };
}
