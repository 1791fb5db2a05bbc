/** What stands in a record by name: a place in its JSON, a group of its pattern, or what its source says of it. */
import type { Fields } from '../sources/source.js';
import type { Pattern } from './pattern.js';

/** Longer values are no identifiers. */
const LONGEST_VALUE = 256;

/** Reads fields of one record; JSON and pattern are looked at when the first field needs them. */
export class FieldReader {
  #json: { readonly value: unknown } | undefined;
  #groups: Readonly<Record<string, string>> | undefined;

  constructor(
    private readonly text: string,
    private readonly own: Fields | undefined,
    private readonly pattern: Pattern | undefined,
  ) {}

  /** The value of a JSON pointer (`/message`, RFC 6901) or of a name; undefined where there is none. */
  get(name: string): string | undefined {
    if (!name.startsWith('/')) return this.groups?.[name] ?? ownValue(this.own, name);
    this.#json ??= { value: parsed(this.text) };
    return asText(at(this.#json.value, name));
  }

  /** As `get`, for what is kept beside the text. */
  identifier(name: string): string | undefined {
    return this.get(name)?.slice(0, LONGEST_VALUE);
  }

  /** What the pattern's groups matched; undefined where it does not match at all. */
  get groups(): Readonly<Record<string, string>> | undefined {
    if (this.pattern === undefined) return undefined;
    this.#groups ??= this.pattern.find(this.text)?.groups;
    return this.#groups;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** [RFC 6901, 4] */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const part of pointer.slice(1).split('/')) {
    if (typeof here !== 'object' || here === null) return undefined;
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    here = Object.hasOwn(here, name) ? Reflect.get(here, name) : undefined;
  }
  return here;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function ownValue(fields: Fields | undefined, name: string): string | undefined {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}
