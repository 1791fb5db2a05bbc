/** Reads the small JSON files of a checkpoint, and the values in them, with errors that name file and key. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';

/** Longest file that is read as a whole, in bytes: a shard index of a large model has some hundred thousand. */
const maxBytes = 64 * 1024 * 1024;

/** The text of a small file, or undefined where it does not exist. */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > maxBytes) throw new Error(`${size} bytes are more than the ${maxBytes} that such a file may have`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return undefined;
    throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The JSON value in a file, or undefined where the file does not exist. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readSmallFile(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The object in a JSON file, or undefined where the file does not exist. */
export async function readJsonObject(path: string): Promise<JsonObject | undefined> {
  const value = await readJsonFile(path);
  return value === undefined ? undefined : new JsonObject(path, value);
}

/** An object of a JSON file whose values are checked when they are asked for; null counts as absent. */
export class JsonObject {
  private readonly values: ReadonlyMap<string, unknown>;

  constructor(
    /** Path, as errors name it. */
    readonly path: string,
    value: unknown,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: does not hold a JSON object`);
    }
    this.values = new Map(Object.entries(value));
  }

  /** The file's own name. */
  get file(): string {
    return basename(this.path);
  }

  get keys(): readonly string[] {
    return [...this.values.keys()];
  }

  get(key: string): unknown {
    return this.values.get(key) ?? undefined;
  }

  /** The first of `keys` that has a value. */
  keyOf(keys: readonly string[]): string | undefined {
    return keys.find((key) => this.get(key) !== undefined);
  }

  wrong(key: string, must: string): SnugError {
    const value = JSON.stringify(this.get(key)) ?? 'missing';
    return new SnugError('CHECKPOINT_CONFIG', `${this.path}: ${key} is ${value.slice(0, 80)}; it must be ${must}`);
  }

  integer(key: string, from: number, to: number): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && from <= value && value <= to) return value;
    throw this.wrong(key, `a whole number from ${from} to ${to}`);
  }

  boolean(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.wrong(key, 'true or false');
  }

  string(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(key, 'a text');
  }
}
