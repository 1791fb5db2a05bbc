/** From what zod found to what a person needs: the key, what is wrong, what it should be. */
import type { z as zod } from 'zod';
import { nearestWord } from '../errors/nearest.js';
import { childrenOf, type KeyNotes, listKeys, notesOf, schemaAt } from './declare.js';

export interface Problem {
  /** The key that is wrong, or the section that lacks one. */
  readonly path: readonly PropertyKey[];
  readonly what: string;
  /** True where the place to show is the key itself, not its value. */
  readonly atKey?: true;
}

/** All problems of a value that the schema refused. */
export function problemsOf(schema: zod.ZodType, value: unknown, error: zod.ZodError): Problem[] {
  const suggested = new Set<string>();
  const issues = error.issues.flatMap(ofItsKind);
  const unknown = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const section = schemaAt(schema, value, issue.path);
    const known = Object.keys((section && childrenOf(section, valueAt(value, issue.path))) ?? {});
    const given = Object.keys((valueAt(value, issue.path) as object | undefined) ?? {});
    return issue.keys.map((name): Problem => {
      const path = [...issue.path, name];
      const free = known.filter((each) => !given.includes(each));
      const meant = nearestWord(name, free) ?? nearestWord(name, known);
      if (meant !== undefined) suggested.add([...issue.path, meant].join('.'));
      return { path, what: `unknown key; ${hint(schema, name, meant, known)}`, atKey: true };
    });
  });
  const others = issues
    .filter((issue) => issue.code !== 'unrecognized_keys' && !suggested.has(issue.path.join('.')))
    .map((issue): Problem => ({ path: issue.path, what: wording(schema, value, issue) }));
  return [...unknown, ...others];
}

/** Where a value may be of several types, what is wrong with it as the type that it is; all of it where it is none of them. */
function ofItsKind(issue: zod.core.$ZodIssue): zod.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find(
    (found) => !found.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return meant?.flatMap((each) => ofItsKind({ ...each, path: [...issue.path, ...each.path] })) ?? [issue];
}

function hint(schema: zod.ZodType, name: string, meant: string | undefined, known: readonly string[]): string {
  if (meant !== undefined) return `did you mean '${meant}'?`;
  const elsewhere = listKeys(schema).find(({ path }) => path.at(-1) === name);
  if (elsewhere) return `it belongs at ${elsewhere.path.join('.')}`;
  return `known here: ${known.join(', ')}`;
}

function wording(schema: zod.ZodType, value: unknown, issue: zod.core.$ZodIssue): string {
  const given = valueAt(value, issue.path);
  const declared = schemaAt(schema, value, issue.path);
  const about = declared && notesOf(declared);
  const example = about ? `; for example ${String(about.example)}` : '';
  if (given === undefined && issue.code !== 'custom')
    return `is missing${about ? ` (${about.description})` : ''}${example}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeName(issue.expected, about)}, not ${shown(given, about)}${unitHint(given, about)}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String), given, about);
    case 'invalid_union':
      return 'options' in issue && issue.options
        ? oneOf(issue.options.map(String), given, about)
        : `must be ${typesOf(issue, about)}, not ${shown(given, about)}`;
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${limit(issue.origin, issue.minimum, about)}, not ${shown(given, about)}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${limit(issue.origin, issue.maximum, about)}, not ${shown(given, about)}`;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    default:
      return issue.message;
  }
}

function typesOf({ errors }: zod.core.$ZodIssueInvalidUnion, about: KeyNotes | undefined): string {
  const types = errors.flat().flatMap((each) => (each.code === 'invalid_type' ? [typeName(each.expected, about)] : []));
  return [...new Set(types)].join(' or ');
}

function oneOf(values: readonly string[], given: unknown, about: KeyNotes | undefined): string {
  const meant = typeof given === 'string' ? nearestWord(given, values) : undefined;
  return `must be one of ${values.join(', ')}, not ${shown(given, about)}${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
}

function limit(origin: string, bound: number | bigint, about: KeyNotes | undefined): string {
  if (origin === 'string') return `${bound} character${bound === 1 ? '' : 's'} long`;
  return `${bound}${about?.unit && about.unit !== 'share' ? ` ${about.unit}` : ''}`;
}

const typeNames: Record<string, string> = {
  array: 'a list',
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a section with keys of its own',
  record: 'a section with keys of its own',
};

function typeName(expected: string, about: KeyNotes | undefined): string {
  const unit = about?.unit === 'share' ? 'a share, 0 to 1' : about?.unit && `in ${about.unit}`;
  return `${typeNames[expected] ?? expected}${unit ? ` (${unit})` : ''}`;
}

/** The value as it stands in the file, unless it is a secret. */
function shown(given: unknown, about: KeyNotes | undefined): string {
  if (about?.secret) return 'what is there';
  return (JSON.stringify(given) ?? String(given)).slice(0, 60);
}

/** A number written with its unit: what it would be in the key's own unit. */
function unitHint(given: unknown, about: KeyNotes | undefined): string {
  if (typeof given !== 'string' || !about?.unit) return '';
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i.exec(given) ?? [];
  if (digits === undefined) return '';
  const factor = factors[about.unit]?.[unit.toLowerCase()];
  return factor === undefined ? '' : `; write ${Number((Number(digits) * factor).toPrecision(12))}`;
}

const factors: Record<string, Record<string, number> | undefined> = {
  ms: { '': 1, ms: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000, h: 3_600_000 },
  s: { '': 1, ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3600 },
  share: { '': 1, '%': 0.01 },
  bytes: {
    ...{ '': 1, b: 1, k: 1024, kb: 1024, kib: 1024, m: 1024 ** 2, mb: 1024 ** 2, mib: 1024 ** 2 },
    ...{ g: 1024 ** 3, gb: 1024 ** 3, gib: 1024 ** 3 },
  },
  MHz: { '': 1, khz: 0.001, mhz: 1, ghz: 1000 },
};

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const name of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined;
  return at;
}
