/** A YAML file held against a schema: every problem is told with its place, all at once. */
import { createRequire } from 'node:module';
import type { Document, LineCounter, Node } from 'yaml';
import type { z as zod } from 'zod';
import { messageOf } from '../errors/index.js';
import { type Problem, problemsOf } from './problem.js';

const {
  parseDocument,
  isMap,
  isScalar,
  isSeq,
  LineCounter: Lines,
} = createRequire(import.meta.url)('yaml') as typeof import('yaml');

/** More problems than these are counted, not listed. */
const PROBLEMS_SHOWN = 20;

export type CheckedYaml<T> =
  | { readonly ok: true; readonly value: T }
  /** `lines` reads `file:line:column key: what is wrong`, in the order of the file; `count` counts those not listed too. */
  | { readonly ok: false; readonly count: number; readonly lines: readonly string[] };

/** `file` is what the lines name. An empty text is an empty section. */
export function checkYaml<T>(schema: zod.ZodType<T>, text: string, file: string): CheckedYaml<T> {
  const lines = new Lines();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const found = document.errors.map(({ pos, message, code }) => ({
    at: pos[0],
    line: `${place(file, lines, pos[0])} ${yamlWording(code, message, text.slice(pos[0], pos[0] + 80))}`,
  }));
  // With a duplicate key the rest can still be checked; after other errors of syntax it would only be noise.
  const readable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const value = readable ? plainValue(document, file, lines, found) : undefined;
  const parsed = readable ? schema.safeParse(value ?? {}) : undefined;
  if (parsed && !parsed.success)
    for (const problem of problemsOf(schema, value ?? {}, parsed.error)) {
      const at = offsetOf(document, problem);
      found.push({ at, line: `${place(file, lines, at)} ${keyName(problem)}${problem.what}` });
    }
  if (parsed?.success && found.length === 0) return { ok: true, value: parsed.data };
  found.sort((a, b) => a.at - b.at);
  const shown = found.slice(0, PROBLEMS_SHOWN).map(({ line }) => line);
  if (found.length > shown.length) shown.push(`… and ${found.length - shown.length} more`);
  return { ok: false, count: found.length, lines: shown };
}

function plainValue(
  document: Document,
  file: string,
  lines: LineCounter,
  found: { at: number; line: string }[],
): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value); // throws where an alias stands within its own anchor
    return value;
  } catch (error) {
    const what =
      error instanceof TypeError ? 'a section stands within itself (an alias in its own anchor)' : messageOf(error);
    found.push({ at: 0, line: `${place(file, lines, 0)} ${what}` });
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
    if (isSeq(node)) {
      node = (node.items[Number(name)] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
      continue;
    }
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
