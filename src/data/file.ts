/** A data file as lines of text, and its identity. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, SnugError } from '../errors/index.js';

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new SnugError('DATA_NOT_READABLE', `${file} could not be read: ${messageOf(cause)}`, { cause });
  }
}

/** The whole file as text, without a byte order mark. Bytes that are no UTF-8 are refused, naming the line. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (!isUtf8(bytes)) throw new SnugError('DATA_ENCODING', `${file}:${lineThatIsNotUtf8(bytes)}: not UTF-8`);
  try {
    return bytes.toString('utf8').replace(/^\ufeff/, '');
  } catch (cause) {
    throw new SnugError('DATA_NOT_READABLE', `${file}: too long for one file: ${messageOf(cause)}`, { cause });
  }
}

function lineThatIsNotUtf8(bytes: Buffer): number {
  for (let start = 0, line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline < 0 || !isUtf8(bytes.subarray(start, newline))) return line;
    start = newline + 1;
  }
}

/** What the manifest says of a data file. */
export interface DataFileDescription {
  /** Without its folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
}

/** Describes a data file for the manifest; `rows` are those that were read from it. */
export async function describeDataFile(file: string, rows: readonly unknown[]): Promise<DataFileDescription> {
  const bytes = await readBytes(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file: basename(file), bytes: bytes.length, sha256, rows: rows.length };
}
