/**
 * A source written as one word on the command line: a kind, what it reads, and options as in the configuration, a section's keys
 * behind a dot: `stdin`, `file:PATH`, `serial:PATH?baudRate=9600&framing.by=silence&framing.silenceMs=50`.
 */
import { basename } from 'node:path';
import { SnugError } from '../../src/errors/index.js';
import { nearestWord } from '../../src/errors/nearest.js';
import { collisions, listenerOf } from './listening.js';
import type { SourceKind, SourceOptions } from './options.js';

export interface NamedSource {
  readonly name: string;
  readonly options: SourceOptions;
}

/** The option that stands behind the colon, by kind. */
const plainOption: Readonly<Record<SourceKind, string | undefined>> = {
  stdin: undefined,
  file: 'path',
  follow: 'path',
  serial: 'path',
  unix: 'path',
  tcp: 'listen',
  udp: 'listen',
  syslog: 'listen',
  http: 'listen',
  mqtt: 'topic',
  exec: 'command',
  journal: 'units',
};

/**
 * Reads the words of `--source`; none means stdin. A source is named after its file, else its kind, with a number behind where
 * two would have one name. Throws `USAGE`.
 */
export async function parseSources(specs: readonly string[]): Promise<NamedSource[]> {
  const named: NamedSource[] = [];
  for (const spec of specs.length > 0 ? specs : ['stdin']) {
    const options = await parseSource(spec);
    const wanted = 'path' in options ? basename(options.path) : options.kind;
    let name = wanted;
    for (let n = 2; named.some((each) => each.name === name); n++) name = `${wanted}-${n}`;
    if (options.kind === 'stdin' && name !== 'stdin') throw new SnugError('USAGE', '--source stdin was given twice');
    named.push({ name, options });
  }
  const listeners = named.map(({ options }, index) => listenerOf(specs[index] ?? 'stdin', options));
  for (const { of, first } of collisions(listeners))
    throw new SnugError('USAGE', `--source ${of.by}: --source ${first.by} listens there already`);
  return named;
}

async function parseSource(spec: string): Promise<SourceOptions> {
  if (spec === 'stdin') return { kind: 'stdin' };
  const [, kind = spec, rest = ''] = /^([^:?]*):?(.*)$/su.exec(spec) ?? [];
  // A path may hold a question mark; options look like `?key=value`.
  const [, plain = rest, query = ''] = /^(.*?)\?([A-Za-z][\w.]*=.*)$/su.exec(rest) ?? [];
  const { sourceOptions, sourceProblem } = await import('./options.js'); // brings zod, see there
  const [known, schema] = Object.entries(sourceOptions).find(([name]) => name === kind) ?? [];
  if (known === undefined || schema === undefined)
    throw new SnugError(
      'USAGE',
      `--source ${spec}: ${unknownWord('kind of source', kind, Object.keys(sourceOptions))}`,
    );
  const given = { kind, ...plainOf(kind as SourceKind, plain), ...optionsOf(query) };
  const checked = schema.safeParse(given);
  if (checked.success) {
    const problem = sourceProblem(checked.data);
    if (problem !== undefined) throw new SnugError('USAGE', `--source ${spec}: ${problem.key}: ${problem.message}`);
    return checked.data;
  }
  const keys = Object.keys(schema.shape).filter((key) => key !== 'kind' && key !== plainOption[kind as SourceKind]);
  const { problemsOf } = await import('../../src/yaml/index.js');
  const problems = problemsOf(schema, given, checked.error).map(({ path, what, atKey }) =>
    atKey && path.length === 1
      ? unknownWord('option', String(path[0]), keys)
      : `${path.map(String).join('.')}: ${what}`,
  );
  throw new SnugError('USAGE', `--source ${spec}: ${problems.join('; ')}`);
}

function plainOf(kind: SourceKind, plain: string): Record<string, unknown> {
  if (plain === '') return {};
  if (kind === 'exec') return { command: ['/bin/sh', '-c', plain] };
  if (kind === 'journal') return { units: plain.split(',') };
  return { [plainOption[kind] ?? 'path']: plain };
}

/** Options that are lists: given again, they grow. */
const LISTS = new Set(['include', 'exclude', 'units']);

/** `a=1&b.c=x` as `{a: 1, b: {c: 'x'}}`. */
function optionsOf(query: string): Record<string, unknown> {
  const options = new Map<string, unknown>();
  for (const [key, value] of new URLSearchParams(query)) {
    const [last = '', ...sections] = key.split('.').reverse();
    let section = options;
    for (const name of sections.reverse()) {
      const below = section.get(name);
      const inner = below instanceof Map ? below : new Map<string, unknown>();
      section.set(name, inner);
      section = inner;
    }
    const before = section.get(last);
    section.set(last, LISTS.has(key) ? [...(Array.isArray(before) ? before : []), value] : plainValue(value));
  }
  return plainObject(options);
}

function plainObject(section: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    [...section].map(([key, value]) => [key, value instanceof Map ? plainObject(value) : value]),
  );
}

/** A value as YAML would read it. */
function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function unknownWord(what: string, word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  const hint = nearest === undefined ? `known: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `unknown ${what} '${word}'; ${hint}`;
}
