/** Changes of the configuration that come over the wire: merged, checked, compared; some keys stay the local file's. */
import { createRequire } from 'node:module';
import { SnugError } from '../../src/errors/index.js';
import { checkYaml, notesOf, schemaAt } from '../../src/yaml/index.js';
import { localKinds } from '../sources/options.js';
import { type AgentConfig, configSchema } from './keys.js';
import { resolvedConfig } from './read.js';

const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');

type Section = Readonly<Record<string, unknown>>;

/** What the configuration file says, and what was set over the wire on top of it. */
export interface ConfigLayers {
  readonly file: string;
  /** The file's text. */
  readonly text: string;
  readonly set: Section;
}

/** Who this agent is, what it runs, where it listens, which of the board's files it sends or trusts: not over the wire. */
const LOCAL_KEYS = ['device', 'bundle', 'stateDir', 'health', 'mqtt.passwordFile', 'mqtt.ca', 'mqtt.cert', 'mqtt.key'];
/** The board's files that a source sends or trusts. */
const LOCAL_SOURCE_KEYS = ['passwordFile', 'ca', 'cert', 'key'];
/** What may be set of a source that runs a program: how its records are handled, never what is run. */
const OF_PROGRAMS = ['publish', 'queue'];

/** A patch laid over a value: sections are merged, `null` takes a key away [RFC 7396]. */
export function merged(base: unknown, patch: unknown): unknown {
  if (!isSection(patch)) return patch;
  const result: Record<string, unknown> = isSection(base) ? { ...base } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

/** The configuration of file and wire together. Throws `CONFIG_INVALID`, which names the keys, and `CONFIG_LOCAL`. */
export function layeredConfig({ file, text, set }: ConfigLayers): AgentConfig {
  const base: unknown = parse(text) ?? {};
  const whole = merged(base, set);
  requireLocal(base, whole, set);
  const checked = checkYaml(configSchema, JSON.stringify(whole), 'set');
  if (checked.ok) return resolvedConfig(checked.value, file);
  const lines = checked.lines.map((line) => line.replace(/^set:\d+:\d+ /, ''));
  throw new SnugError('CONFIG_INVALID', lines.join('; '));
}

/** What differs, as paths with dots, and whether the agent must be started anew for it. */
export function changedKeys(
  before: AgentConfig,
  after: AgentConfig,
): { readonly key: string; readonly restart: boolean }[] {
  return differences(before, after, []).map((path) => {
    const schema = schemaAt(configSchema, after, path) ?? schemaAt(configSchema, before, path);
    return { key: path.join('.'), restart: (schema && notesOf(schema)?.restart) ?? true };
  });
}

function differences(before: unknown, after: unknown, path: readonly string[]): (readonly string[])[] {
  if (!isSection(before) || !isSection(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(before[name], after[name], [...path, name]));
}

function requireLocal(base: unknown, whole: unknown, set: Section): void {
  const local = LOCAL_KEYS.find((path) => valueAt(set, path.split('.')) !== undefined);
  if (local !== undefined) throw new SnugError('CONFIG_LOCAL', `${local}: is set in the agent's own file alone`);
  for (const [name, source] of Object.entries(sourcesOf(set))) {
    const found = LOCAL_SOURCE_KEYS.find((key) => source?.[key] !== undefined);
    if (found !== undefined)
      throw new SnugError('CONFIG_LOCAL', `sources.${name}.${found}: is set in the agent's own file alone`);
  }
  const before = sourcesOf(base);
  for (const [name, source] of Object.entries(sourcesOf(whole))) {
    const runs = isSection(source) && localKinds.includes(String(source.kind));
    const ran = isSection(before[name]) && localKinds.includes(String(before[name].kind));
    const touched = Object.keys(sourcesOf(set)[name] ?? {});
    if ((runs && !ran) || (ran && touched.some((key) => !OF_PROGRAMS.includes(key))))
      throw new SnugError(
        'CONFIG_LOCAL',
        `sources.${name}: what program a source runs is set in the agent's own file alone`,
      );
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((at: unknown, name) => (isSection(at) ? at[name] : undefined), value);
}

function sourcesOf(config: unknown): Record<string, Section | undefined> {
  return isSection(config) && isSection(config.sources) ? (config.sources as Record<string, Section>) : {};
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
