/** The two checksums that a hub gives: SHA-256 of large files, and Git's blob hash (SHA-1) of small ones. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface Checksum {
  readonly kind: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** What a text of the hub (entity tag, object id) is the checksum of; undefined where it is none. */
export function checksumOf(text: unknown): Checksum | undefined {
  if (typeof text !== 'string') return undefined;
  const hex = text.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: 'sha256', hex };
  if (/^[0-9a-f]{40}$/.test(hex)) return { kind: 'git-sha1', hex };
  return undefined;
}

/** Whether a file has a checksum. */
export async function hasChecksum(path: string, { kind, hex }: Checksum): Promise<boolean> {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
  if (kind === 'git-sha1') hash.update(`blob ${(await stat(path)).size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex') === hex;
}
