/** Who a checkpoint is, for the manifest of what is made from it: name, hashes of the weights, licence. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, SnugError } from '../errors/index.js';
import { readSmallFile } from './json-file.js';

export interface Identity {
  /** From the model card's heading, else `_name_or_path` of config.json, else the folder's name. */
  readonly name: string;
  /** The weights files and the SHA-256 of each, in hex. */
  readonly weights: readonly { readonly file: string; readonly sha256: string }[];
  /** SPDX-like identifier in lower case, or the first line of a licence file that is not known; null where nothing says. */
  readonly licence: string | null;
}

/** Licences known by the first lines of their texts. */
const licenceTexts: readonly (readonly [pattern: RegExp, id: string])[] = [
  [/Apache License\s+Version 2\.0/, 'apache-2.0'],
  [/MIT License|Permission is hereby granted, free of charge/, 'mit'],
  [/GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3/i, 'agpl-3.0'],
  [/GNU GENERAL PUBLIC LICENSE\s+Version 3/i, 'gpl-3.0'],
  [/Neither the name of/, 'bsd-3-clause'],
];

/** Reads the model card and hashes the weights, which takes about a second for 300 MB. */
export async function identify(
  folder: string,
  weightsPaths: readonly string[],
  nameOrPath: string | undefined,
): Promise<Identity> {
  const card = await parseCard((await readSmallFile(join(folder, 'README.md'))) ?? '');
  const weights: { file: string; sha256: string }[] = [];
  for (const path of weightsPaths) weights.push({ file: basename(path), sha256: await sha256OfFile(path) });
  const licence = card.licence ?? (await licenceOfFile(folder));
  // A path says something about the machine where the model was saved, and nothing about the model.
  const published = nameOrPath !== undefined && /^[\w-][\w.-]*(\/[\w.-]+)?$/.test(nameOrPath) ? nameOrPath : undefined;
  return { name: card.name ?? published ?? basename(resolve(folder)), weights, licence };
}

/** SHA-256 of a file in hex, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (cause) {
    throw new SnugError('CHECKPOINT_FILE_UNREADABLE', `${path}: ${messageOf(cause)}`, { cause });
  }
  return hash.digest('hex');
}

/** Name and licence of a model card: YAML between two lines `---`, then Markdown. A card that is damaged says nothing. */
export async function parseCard(text: string): Promise<{ name?: string; licence?: string }> {
  const [, front = '', body = ''] = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---\r?(?:\n([\s\S]*))?$/.exec(text) ?? [
    '',
    '',
    text,
  ];
  // Loaded when it is needed: whoever only reads tensors starts without it.
  const { parse } = await import('yaml');
  let fields: unknown;
  try {
    fields = parse(front, { logLevel: 'silent', maxAliasCount: 10 });
  } catch {
    fields = undefined;
  }
  const heading = /^#[ \t]+(\S+)[ \t]*\r?$/m.exec(body)?.[1];
  return { name: heading, licence: licenceOf(fields) };
}

function licenceOf(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const values = new Map<string, unknown>(Object.entries(fields));
  const named = values.get('license') === 'other' ? (values.get('license_name') ?? 'other') : values.get('license');
  const licences = (Array.isArray(named) ? named : [named]).filter((item) => typeof item === 'string');
  return licences.length === 0 ? undefined : licences.join(', ').toLowerCase();
}

async function licenceOfFile(folder: string): Promise<string | null> {
  for (const name of ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'LICENCE']) {
    const text = await readSmallFile(join(folder, name));
    if (text === undefined) continue;
    const known = licenceTexts.find(([pattern]) => pattern.test(text));
    return known?.[1] ?? (text.trim().split('\n')[0].slice(0, 100) || null);
  }
  return null;
}
