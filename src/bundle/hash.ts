/** SHA-256 of files, read in pieces. */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';

/** The hash in hex. Throws the system's error where the file can't be read, the signal's reason where it aborts. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(1 << 18);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

export function sha256OfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Changes whenever a file is written, replaced or restored; its inode's change time can't be set by a program. */
export async function stateOf(path: string): Promise<string> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${size} ${ino} ${mtimeNs} ${ctimeNs}`;
}
