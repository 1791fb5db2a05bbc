/**
 * One declaration a key: the zod schema says type, domain and default, the notes beside it say the rest. Validation, types,
 * path resolution, masking of secrets and the reference page all read these; nothing is said twice.
 */
import type { z as zod } from 'zod';
import { z } from '../protocol/zod.js';

export interface KeyNotes {
  /** What the key is for, as the reference page says it. */
  readonly description: string;
  readonly example: string | number | boolean;
  readonly unit?: 'ms' | 's' | 'share' | 'records' | 'bytes' | 'bit/s' | 'MHz' | '°C' | 'MB/s';
  /** False where a change is taken over while the agent runs. Default true. */
  readonly restart?: boolean;
  /** Never shown: not in logs, `config.get` or `info`. */
  readonly secret?: true;
  /**
   * A file or folder. A relative one is meant from the configuration file's folder; with `-or-working-folder` from where the
   * agent was started if nothing is there, as a path on the command line would be.
   */
  readonly path?: 'config-folder' | 'config-folder-or-working-folder';
}

const notes = z.registry<KeyNotes>();

/** Declares a key: its schema with default, and its notes. */
export function key<T extends zod.ZodType>(schema: T, about: KeyNotes): T {
  notes.add(schema, about);
  return schema;
}

/** A key as the reference page and the suggestions need it. */
export interface DeclaredKey {
  /** From the top; `*` stands for a name that the user gives. */
  readonly path: readonly string[];
  /** Of which kind a section must be to have the key, where sections of several kinds may stand there. */
  readonly kind?: string;
  readonly schema: zod.ZodType;
  readonly notes: KeyNotes | undefined;
  readonly defaultValue: unknown;
}

function isObject(schema: zod.ZodType): schema is zod.ZodObject {
  return schema.type === 'object';
}
function isRecord(schema: zod.ZodType): schema is zod.ZodRecord {
  return schema.type === 'record';
}
function isArray(schema: zod.ZodType): schema is zod.ZodArray<zod.ZodType> {
  return schema.type === 'array';
}
function isUnion(schema: zod.ZodType): schema is zod.ZodUnion<readonly zod.ZodType[]> {
  return schema.type === 'union';
}

/** Takes off what wraps a schema: optional, default. Notes may stand on any layer. */
function unwrap(schema: zod.ZodType): { inner: zod.ZodType; notes: KeyNotes | undefined; defaultValue: unknown } {
  let inner = schema;
  let found = notes.get(inner);
  let defaultValue: unknown;
  for (;;) {
    const { def } = inner;
    if (!('innerType' in def) || !(def.innerType instanceof z.ZodType)) break;
    if ('defaultValue' in def && defaultValue === undefined) defaultValue = def.defaultValue;
    inner = def.innerType;
    found ??= notes.get(inner);
  }
  return { inner, notes: found, defaultValue };
}

/** The keys that may stand directly in a section at `path`, with `value` there to tell the kind of a union. */
export function childrenOf(schema: zod.ZodType, value: unknown): Record<string, zod.ZodType> | undefined {
  const { inner } = unwrap(schema);
  if (isObject(inner)) return inner.shape as Record<string, zod.ZodType>;
  if (isUnion(inner)) {
    const option = inner.options.find((each) => each.safeParse(value).success) ?? byKind(inner.options, value);
    return option && childrenOf(option, value);
  }
  if (isRecord(inner) && isPlain(value))
    return Object.fromEntries(Object.keys(value).map((name) => [name, inner.valueType as zod.ZodType]));
  if (isArray(inner) && Array.isArray(value)) return Object.fromEntries(value.map((_, at) => [at, inner.element]));
  return undefined;
}

function byKind(options: readonly zod.ZodType[], value: unknown): zod.ZodType | undefined {
  if (!isPlain(value)) return undefined;
  const objects = options.filter(isObject);
  const ofKind = objects.find(({ shape }) => (shape.kind as zod.ZodType | undefined)?.safeParse(value.kind).success);
  return ofKind ?? (objects.length === 1 ? objects[0] : undefined);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema of the key at `path`, or undefined where none is declared. */
export function schemaAt(schema: zod.ZodType, value: unknown, path: readonly PropertyKey[]): zod.ZodType | undefined {
  if (path.length === 0) return schema;
  const [first, ...rest] = path;
  const child = childrenOf(schema, value)?.[String(first)];
  const below: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, first) : undefined;
  return child && schemaAt(child, below, rest);
}

export function notesOf(schema: zod.ZodType): KeyNotes | undefined {
  return unwrap(schema).notes;
}

/** A copy of `value` in which `change` has replaced what stands at declared keys. */
export function mapDeclared(
  schema: zod.ZodType,
  value: unknown,
  change: (value: unknown, notes: KeyNotes) => unknown,
): unknown {
  const about = notesOf(schema);
  if (about) return change(value, about);
  const children = childrenOf(schema, value);
  if (!children || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      children[name] ? mapDeclared(children[name], each, change) : each,
    ]),
  );
}

/** All declared keys, sections left out; every kind of a union is gone through. */
export function listKeys(schema: zod.ZodType, path: readonly string[] = []): DeclaredKey[] {
  const { inner, notes: about, defaultValue } = unwrap(schema);
  if (isObject(inner))
    return Object.entries(inner.shape).flatMap(([name, child]) => listKeys(child as zod.ZodType, [...path, name]));
  if (isRecord(inner)) return listKeys(inner.valueType as zod.ZodType, [...path, '*']);
  if (isArray(inner) && isObject(inner.element)) return listKeys(inner.element, [...path, '*']);
  if (isUnion(inner) && inner.options.every(isObject))
    return inner.options.flatMap((option) => {
      const { kind } = option.shape;
      const name = kind instanceof z.ZodLiteral ? String(kind.value) : undefined;
      return listKeys(option, path).map((each) => ({ kind: name, ...each }));
    });
  return [{ path, schema, notes: about, defaultValue }];
}
