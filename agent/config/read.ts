/** Reads a configuration file: YAML with places, so that every error says where it stands. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Document, LineCounter, Node } from 'yaml';
import { messageOf, SnugError } from '../../src/errors/index.js';
import { type KeyNotes, mapDeclared } from './declare.js';
import { type AgentConfig, configSchema } from './keys.js';
import { type Problem, problemsOf } from './problem.js';
import { defaultStateFolder } from './state-folder.js';

const {
  parseDocument,
  isMap,
  isScalar,
  LineCounter: Lines,
} = createRequire(import.meta.url)('yaml') as typeof import('yaml');

const LONGEST_FILE_BYTES = 1024 * 1024;
/** More problems than these are counted, not listed. */
const PROBLEMS_SHOWN = 20;

/**
 * Reads and checks a configuration. Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with all problems at once, a line each:
 * `file:line:column key: what is wrong`. The result is frozen; relative paths are meant from the file's folder.
 */
export async function readConfig(file: string): Promise<AgentConfig> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > LONGEST_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${LONGEST_FILE_BYTES} are read`);
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SnugError('CONFIG_UNREADABLE', `configuration ${file}: ${messageOf(cause)}`, { cause });
  }
  return checkConfig(text, file);
}

/** Checks the text of a configuration file; `file` is where it stands (its folder must be known, the file need not be there). */
export function checkConfig(text: string, file: string): AgentConfig {
  const lines = new Lines();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const found = document.errors.map(({ pos, message, code }) => ({
    at: pos[0],
    line: `${place(file, lines, pos[0])} ${yamlWording(code, message, text.slice(pos[0], pos[0] + 80))}`,
  }));
  // With a duplicate key the rest can still be checked; after other errors of syntax it would only be noise.
  const readable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const value = readable ? plainValue(document, file, lines, found) : undefined;
  const parsed = readable ? configSchema.safeParse(value ?? {}) : undefined;
  if (parsed && !parsed.success)
    for (const problem of problemsOf(configSchema, value ?? {}, parsed.error)) {
      const at = offsetOf(document, problem);
      found.push({ at, line: `${place(file, lines, at)} ${keyName(problem)}${problem.what}` });
    }
  if (!parsed?.success || found.length > 0) {
    found.sort((a, b) => a.at - b.at);
    const shown = found.slice(0, PROBLEMS_SHOWN).map(({ line }) => line);
    if (found.length > shown.length) shown.push(`… and ${found.length - shown.length} more`);
    const count = found.length === 1 ? 'an error' : `${found.length} errors`;
    throw new SnugError('CONFIG_INVALID', `${count} in the configuration\n${shown.join('\n')}`);
  }
  const folder = dirname(resolve(file));
  const resolved = mapDeclared(configSchema, parsed.data, (each, notes) =>
    notes.path && typeof each === 'string' ? absolute(each, folder, notes.path) : each,
  ) as typeof parsed.data;
  return deepFreeze({ ...resolved, stateDir: resolved.stateDir ?? join(defaultStateFolder(), resolved.device) });
}

function absolute(path: string, folder: string, from: NonNullable<KeyNotes['path']>): string {
  const beside = resolve(folder, path);
  if (from === 'config-folder' || existsSync(beside) || !existsSync(path)) return beside;
  return resolve(path);
}

function plainValue(
  document: Document,
  file: string,
  lines: LineCounter,
  found: { at: number; line: string }[],
): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    found.push({ at: 0, line: `${place(file, lines, 0)} ${messageOf(error)}` });
    return undefined;
  }
}

function yamlWording(code: string, message: string, there: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line; YAML wants spaces';
  if (code === 'DUPLICATE_KEY') return `${/^[^:\n]*/.exec(there)?.[0]}: this key stands twice in one section`;
  return `YAML: ${message}`;
}

function place(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
}

function keyName({ path }: Problem): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}

/** Where the problem's key or value starts; where it isn't there, the nearest section around it. */
function offsetOf(document: Document, { path, atKey }: Problem): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, name] of path.entries()) {
    if (!isMap(node)) return offset;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
    if (!pair) return offset;
    const keyOffset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
    node = (pair.value as Node | null) ?? null;
    const last = depth === path.length - 1;
    offset = (last && !atKey && isScalar(node) ? node.range?.[0] : keyOffset) ?? offset;
  }
  return offset;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}
