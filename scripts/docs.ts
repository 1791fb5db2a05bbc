/** Writes the pages that are made from the code: `npm run docs`. A test proves that they are current. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema, type DeclaredKey, listKeys } from '../agent/config/index.js';
import { catalogue } from '../src/errors/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = '<!-- Made by `npm run docs`. Change the code, not this page. -->';

/** Path below the root → text. */
export function pages(): Readonly<Record<string, string>> {
  return { 'docs/errors.md': errorsPage(), 'docs/configuration.md': configurationPage() };
}

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
  for (const key of keys) {
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
    '',
    '| key | what it is for | unit | default | example |',
    '|---|---|---|---|---|',
    ...rows,
  ]);
}

function keyRow({ path, notes, schema, defaultValue }: DeclaredKey, kinds: string): string {
  const { description = schema.description ?? '', unit = '', example } = notes ?? {};
  const shown = (value: unknown) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``);
  return `| \`${path.join('.')}\`${kinds} | ${cell(description)} | ${unit} | ${shown(defaultValue)} | ${shown(example)} |`;
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
