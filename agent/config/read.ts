/** Reads a configuration file: YAML with places, so that every error says where it stands. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, SnugError } from '../../src/errors/index.js';
import { checkYaml, type KeyNotes, mapDeclared } from '../../src/yaml/index.js';
import { type AgentConfig, type Checked, configSchema } from './keys.js';
import { defaultStateFolder } from './state-folder.js';

const LONGEST_FILE_BYTES = 1024 * 1024;

/**
 * Reads and checks a configuration. Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with all problems at once, a line each:
 * `file:line:column key: what is wrong`. The result is frozen; relative paths are meant from the file's folder.
 */
export async function readConfig(file: string): Promise<AgentConfig> {
  return checkConfig(await readConfigText(file), file);
}

/** The file's text. Throws `CONFIG_UNREADABLE`. */
export async function readConfigText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LONGEST_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${LONGEST_FILE_BYTES} are read`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SnugError('CONFIG_UNREADABLE', `configuration ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Checks the text of a configuration file; `file` is where it stands (its folder must be known, the file need not be there). */
export function checkConfig(text: string, file: string): AgentConfig {
  const checked = checkYaml(configSchema, text, file);
  if (!checked.ok) {
    const count = checked.count === 1 ? 'an error' : `${checked.count} errors`;
    throw new SnugError('CONFIG_INVALID', `${count} in the configuration\n${checked.lines.join('\n')}`);
  }
  return resolvedConfig(checked.value, file);
}

/** A checked configuration with absolute paths, frozen; `file` says from where relative ones are meant. */
export function resolvedConfig(value: Checked, file: string): AgentConfig {
  const folder = dirname(resolve(file));
  const resolved = mapDeclared(configSchema, value, (each, notes) =>
    notes.path && typeof each === 'string' ? absolute(each, folder, notes.path) : each,
  ) as Checked;
  return deepFreeze({ ...resolved, stateDir: resolved.stateDir ?? join(defaultStateFolder(), resolved.device) });
}

function absolute(path: string, folder: string, from: NonNullable<KeyNotes['path']>): string {
  const beside = resolve(folder, path);
  if (from === 'config-folder' || existsSync(beside) || !existsSync(path)) return beside;
  return resolve(path);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}
