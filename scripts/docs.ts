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
  const seen = new Set<string>();
  const rows = listKeys(configSchema).flatMap((key) => {
    const row = keyRow(key);
    if (seen.has(row)) return []; // a key that every kind of source has
    seen.add(row);
    return [row];
  });
  return page('Configuration of the agent', [
    'The keys of `snug agent --config FILE`. `*` stands for a name that you give. Relative paths are meant from the',
    "configuration file's folder. [examples/agent.yaml](../examples/agent.yaml) uses most of them.",
    '',
    '| key | what it is for | unit | default | example |',
    '|---|---|---|---|---|',
    ...rows,
  ]);
}

function keyRow({ path, notes, schema, defaultValue }: DeclaredKey): string {
  const { description = schema.description ?? '', unit = '', example } = notes ?? {};
  const shown = (value: unknown) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``);
  return `| \`${path.join('.')}\` | ${cell(description)} | ${unit} | ${shown(defaultValue)} | ${shown(example)} |`;
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
