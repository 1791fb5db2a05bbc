/** Writes the pages that are made from the code: `npm run docs`. A test proves that they are current. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema, type DeclaredKey, listKeys } from '../agent/config/index.js';
import { marks, settings } from '../agent/governor/thresholds.js';
import { sourceOptions } from '../agent/sources/options.js';
import { catalogue } from '../src/errors/index.js';
import { constants } from '../src/fit/index.js';
import { type Board, knownBoards } from '../src/profile/boards/index.js';
import { simulateDay } from './governor/day.js';
import { plotOf } from './governor/plot.js';
import { configJsonSchema } from './json-schema.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = '<!-- Made by `npm run docs`. Change the code, not this page. -->';

/** Path below the root → text. */
export function pages(): Readonly<Record<string, string>> {
  return {
    'docs/agent.md': agentPage(),
    'docs/boards.md': boardsPage(),
    'docs/configuration.md': configurationPage(),
    'docs/errors.md': errorsPage(),
    'docs/fit.md': fitPage(),
    'docs/governor-day.svg': plotOf(simulateDay(SIMULATED_SEED), SIMULATED_SEED),
    'docs/governor.md': governorPage(),
    'docs/snug.schema.json': `${JSON.stringify(configJsonSchema(), null, 1)}\n`,
  };
}

/** Written by hand but for its table of figures, which stands last. */
function fitPage(): string {
  const [before] = readFileSync(join(root, 'docs/fit.md'), 'utf8').split(TABLE_START);
  const rows = Object.entries(constants).map(
    ([name, { value, unit, about }]) => `| \`${name}\` | ${value} | ${unit} | ${cell(about)} |`,
  );
  return `${before}${TABLE_START}${rows.join('\n')}\n`;
}

const TABLE_START = '| figure | value | unit | what it is for |\n|---|---|---|---|\n';

function errorsPage(): string {
  const rows = Object.entries(catalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { meaning, remedy }]) => `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} |`);
  return page('Errors', [
    'Every error that Snug raises on purpose. The code stands in square brackets at the end of what a command prints; the message',
    'before it says what was wrong in particular, and where.',
    '',
    '| code | what it means | what to do |',
    '|---|---|---|',
    ...rows,
  ]);
}

function configurationPage(): string {
  const keys = listKeys(configSchema);
  const kinds = new Set(keys.map(({ kind }) => kind).filter((kind) => kind !== undefined));
  // Kinds of sources whose keys have the same row share it; it names them unless all have it.
  const keysOfRow = new Map<string, DeclaredKey[]>();
  for (const each of keys) {
    const key = isKind(each) ? kindKey(each, [...kinds]) : each;
    const row = keyRow(key, '');
    keysOfRow.set(row, [...(keysOfRow.get(row) ?? []), key]);
  }
  const rows = [...keysOfRow.values()].map((same) => {
    const [first] = same;
    const named = first.kind !== undefined && same.length < kinds.size;
    return keyRow(first, named ? ` (${same.map(({ kind }) => kind).join(', ')})` : '');
  });
  return page('Configuration of the agent', [
    'The keys of `snug agent --config FILE`. `*` stands for a name that you give; a kind in brackets means sources of that kind',
    "alone. Relative paths are meant from the configuration file's folder. [examples/agent.yaml](../examples/agent.yaml) uses most of them.",
    'Keys with `yes` under *live* are taken over by `config.set` without a new start of the agent.',
    '',
    '| key | what it is for | unit | default | example | live |',
    '|---|---|---|---|---|---|',
    ...rows,
  ]);
}

function isKind({ path, kind }: DeclaredKey): boolean {
  return kind !== undefined && path.at(-1) === 'kind';
}

/** One row stands for the kinds' own: what each reads is told where they are listed. */
function kindKey(key: DeclaredKey, kinds: readonly string[]): DeclaredKey {
  const description = `What is read: ${kinds.join(', ')}. [agent.md](agent.md) tells of each.`;
  return { ...key, notes: { ...key.notes, description, example: 'follow' } };
}

const SIMULATED_SEED = 1;
const tableBegins = '<!-- The table is made by `npm run docs` from agent/governor/thresholds.ts. -->';
const tableEnds = '<!-- Here the table ends. -->';

/** Written by hand but for the table of its figures. */
function governorPage(): string {
  const page = readFileSync(join(root, 'docs/governor.md'), 'utf8');
  const figure = (value: number) =>
    value >= 2 ** 20 && value % 2 ** 20 === 0 ? `${value / 2 ** 20} Mi` : String(value);
  const table = [
    '| sign | presses from | calm to | unit | what it is |',
    '|---|---|---|---|---|',
    ...Object.entries(marks).map(
      ([name, { press, calm, unit, about }]) =>
        `| \`${name}\` | ${figure(press)} | ${figure(calm)} | ${unit} | ${cell(about)} |`,
    ),
    '',
    '| figure | value | unit | what it is |',
    '|---|---|---|---|',
    ...Object.entries(settings).map(
      ([name, { value, unit, about }]) => `| \`${name}\` | ${figure(value)} | ${unit} | ${cell(about)} |`,
    ),
  ].join('\n');
  return withTable(page, tableBegins, table);
}

const kindsBegin = '<!-- The table is made by `npm run docs` from agent/sources/options.ts. -->';

/** Written by hand but for the table of the kinds of sources. */
function agentPage(): string {
  const shapes = Object.values(sourceOptions).map(({ shape }) => shape);
  const ofAll = (key: string) =>
    shapes.filter((shape) => key in shape).length > 3 && key !== 'path' && key !== 'listen';
  const rows = Object.entries(sourceOptions).map(([kind, schema]) => {
    const [{ notes }] = listKeys(schema).filter(({ path }) => path[0] === 'kind');
    const own = Object.keys(schema.shape).filter((key) => key !== 'kind' && !ofAll(key));
    const description = notes?.description.replace(`${kind}: `, '') ?? '';
    return `| \`${kind}\` | ${cell(description)} | ${own.map((key) => `\`${key}\``).join(' ')} |`;
  });
  const table = ['| kind | what is read | keys of its own |', '|---|---|---|', ...rows].join('\n');
  return withTable(readFileSync(join(root, 'docs/agent.md'), 'utf8'), kindsBegin, table);
}

/** A page with what stands between a mark and the table's end made anew. */
function withTable(page: string, begins: string, table: string): string {
  const [before, rest] = page.split(begins);
  const [, ...after] = rest.split(tableEnds);
  return `${before}${begins}\n\n${table}\n\n${tableEnds}${after.join(tableEnds)}`;
}

function keyRow({ path, notes, schema, defaultValue }: DeclaredKey, kinds: string): string {
  const { description = schema.description ?? '', unit = '', example, restart = true } = notes ?? {};
  const shown = (value: unknown) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``);
  return `| \`${path.join('.')}\`${kinds} | ${cell(description)} | ${unit} | ${shown(defaultValue)} | ${shown(example)} | ${restart ? '' : 'yes'} |`;
}

function boardsPage(): string {
  const boards = knownBoards();
  const families = [...new Set(boards.map(({ family }) => family))].map((family) =>
    boards.filter((board) => board.family === family),
  );
  return page('Known boards', [
    'Made from the files in [device-profiles](../device-profiles). A board profile gives limits to plan with (`snug fit --board NAME`)',
    'and defaults; it never stands in for what Snug measures on the board itself. The name without a size means the smallest. RAM is',
    'what the kernel counts where a source tells it, else what is on the board, of which the kernel counts less. The reserve for the',
    "system and the threads are Snug's own defaults.",
    '',
    '| board | name | RAM | cores | processor | instructions | reserve | threads |',
    '|---|---|---|---|---|---|---|---|',
    ...boards.map(boardRow),
    '',
    'A board that is missing: copy the file of a board like it, change the figures and their sources, and give its path to `--board`.',
    ...families.flatMap((sizes) => ['', `## ${sizes[0].title}`, '', ...boardSources(sizes)]),
  ]);
}

function boardRow({ title, name, ram, cores, processor, instructions, defaults }: Board): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  const usable = ram.usableBytes === undefined ? `${megabytes(ram.nominalBytes)} nominal` : megabytes(ram.usableBytes);
  const chip = `${processor.model}, ${processor.microarchitecture}, ${processor.maxMHz} MHz`;
  const cells = [cell(title), `\`${name}\``, usable, cores.count, cell(chip), instructions.set];
  return `| ${[...cells, megabytes(defaults.reserveBytes), defaults.threads].join(' | ')} |`;
}

function boardSources(sizes: readonly Board[]): string[] {
  const [{ sources, cores, processor, instructions, page: pages, storage, thermal, speed, notes }] = sizes;
  const ramSources = [...new Set(sizes.map(({ ram }) => ram.source))];
  const figures: readonly (readonly [what: string, source: string | undefined])[] = [
    ...ramSources.map((source) => ['RAM', source] as const),
    ...sizes.map(({ name, ram }) => [`what the kernel counts on ${name}`, ram.usableSource] as const),
    ['cores', cores.source],
    ['processor', processor.source],
    ['instructions', instructions.source],
    [`pages of ${(pages?.sizeBytes ?? 0) / 1024} KiB`, pages?.source],
    [`starts from ${storage.kinds.join(', ')}`, storage.source],
    [`slowed down from ${thermal?.throttleAtC} °C`, thermal?.source],
    [`7-zip ${speed?.sevenZipMips} MIPS, memcpy ${speed?.memcpyMBPerS} MB/s`, speed?.source],
  ];
  const named = figures.flatMap(([what, source]) =>
    source === undefined ? [] : [`${what}: [${source}](${sources[source]})`],
  );
  return [`${named.join('; ')}.`, '', ...notes.map((note) => `- ${note}`)];
}

function page(title: string, lines: readonly string[]): string {
  return `${[`# ${title}`, '', generated, '', ...lines].join('\n')}\n`;
}

/** Text as a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, text] of Object.entries(pages())) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
