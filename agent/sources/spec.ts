/** A source written as one word on the command line: `stdin`, `file:PATH`, `follow:PATH`, `serial:PATH?baudRate=115200`. */
import { basename } from 'node:path';
import { SnugError } from '../../src/errors/index.js';
import { nearestWord } from '../../src/errors/nearest.js';
import type { SourceOptions } from './options.js';

export interface NamedSource {
  readonly name: string;
  readonly options: SourceOptions;
}

/**
 * Reads the words of `--source`; none means stdin. A source is named after its file, `stdin`, or with a number behind where
 * two would have one name. Throws `USAGE`.
 */
export async function parseSources(specs: readonly string[]): Promise<NamedSource[]> {
  const named: NamedSource[] = [];
  for (const spec of specs.length > 0 ? specs : ['stdin']) {
    const options = await parseSource(spec);
    const wanted = options.kind === 'stdin' ? 'stdin' : basename(options.path);
    let name = wanted;
    for (let n = 2; named.some((each) => each.name === name); n++) name = `${wanted}-${n}`;
    if (options.kind === 'stdin' && name !== 'stdin') throw new SnugError('USAGE', '--source stdin was given twice');
    named.push({ name, options });
  }
  return named;
}

async function parseSource(spec: string): Promise<SourceOptions> {
  if (spec === 'stdin') return { kind: 'stdin' };
  const [, kind = spec, rest = ''] = /^([^:?]*):?(.*)$/su.exec(spec) ?? [];
  // A path may hold a question mark; options look like `?key=value`.
  const [, path = rest, query = ''] = /^(.*?)\?([A-Za-z]\w*=.*)$/su.exec(rest) ?? [];
  const { sourceOptions } = await import('./options.js'); // brings zod, see there
  const schema = Object.entries(sourceOptions).find(([name]) => name === kind)?.[1];
  if (schema === undefined)
    throw new SnugError(
      'USAGE',
      `--source ${spec}: ${unknownWord('kind of source', kind, Object.keys(sourceOptions))}`,
    );
  const given: Record<string, unknown> = { kind, ...(rest !== '' && { path }) };
  for (const [key, value] of new URLSearchParams(query)) given[key] = plainValue(value);
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const known = Object.keys(schema.shape).filter((key) => key !== 'kind' && key !== 'path');
  const problems = checked.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownWord('option', key, known)).join('; ')
      : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new SnugError('USAGE', `--source ${spec}: ${problems.join('; ')}`);
}

/** A value as YAML would read it. */
function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

function unknownWord(what: string, word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  const hint = nearest === undefined ? `known: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `unknown ${what} '${word}'; ${hint}`;
}
