/** Downloads one file: into a `.part` file that a later run continues, checked, then renamed into place. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../../errors/index.js';
import { type Checksum, checksumOf, hasChecksum } from './checksum.js';
import type { RemoteFile } from './listing.js';
import { type Answer, get, type Hub } from './request.js';
import { type Patience, persist, TransientFailure } from './retry.js';

export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
  /** What the content was checked against; null where the hub gave nothing to check with. */
  readonly checksum: Checksum | null;
  /** True where the file was there already, with the right content. */
  readonly kept: boolean;
}

/** How far a file is; `totalBytes` is null where the hub did not say. */
export interface Progress {
  readonly path: string;
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly state: 'running' | 'done' | 'kept';
}

export interface Download {
  readonly hub: Hub;
  readonly url: URL;
  readonly file: RemoteFile;
  readonly folder: string;
  readonly patience: Patience;
  readonly onProgress: (progress: Progress) => void;
}

/** What is known of the file, learned from the listing or from the first answer. */
interface Known {
  size?: number;
  checksum?: Checksum;
  /** Entity tag of the server that sent the bytes so far, as it gave it. */
  etag?: string;
  /** Most bytes that stood in the part in this run: a server that always starts anew makes no progress. */
  furthest: number;
}

/**
 * Downloads a file into `folder`, or keeps the one there. A content with the wrong checksum is thrown away and fetched once
 * more from the start.
 * @throws HUB_…, DISK_FULL, HUB_WRITE
 */
export async function download(task: Download): Promise<FetchedFile> {
  const { file, folder, onProgress } = task;
  const target = join(folder, file.path);
  const known: Known = { size: file.size, checksum: file.checksum, furthest: 0 };
  try {
    await mkdir(dirname(target), { recursive: true });
    if (known.checksum !== undefined && (await isFile(target)) && (await hasChecksum(target, known.checksum))) {
      const bytes = (await stat(target)).size;
      onProgress({ path: file.path, bytes, totalBytes: bytes, state: 'kept' });
      return { path: file.path, bytes, checksum: known.checksum, kept: true };
    }
    const part = await partPath(target, known.checksum);
    for (let wrong = 0; ; ) {
      await persist(task.patience, () => continuePart(task, part, known));
      const why = await fault(part, known);
      if (why === undefined) break;
      await rm(part, { force: true });
      if (++wrong === 2) throw new SnugError('HUB_CHECKSUM', `${file.path} from ${task.hub.endpoint.host}: ${why}`);
    }
    await rename(part, target);
    const bytes = (await stat(target)).size;
    onProgress({ path: file.path, bytes, totalBytes: bytes, state: 'done' });
    return { path: file.path, bytes, checksum: known.checksum ?? null, kept: false };
  } catch (error) {
    throw asDiskError(target, error);
  }
}

/**
 * Where the bytes so far lie. With a checksum, its start is in the name, so that a part of another version is never
 * continued; such parts are removed. Without one, nothing tells what an old part belongs to: start anew.
 */
async function partPath(target: string, checksum: Checksum | undefined): Promise<string> {
  const name = basename(target);
  const own = `${name}.${checksum?.hex.slice(0, 12) ?? 'unchecked'}.part`;
  for (const other of await readdir(dirname(target))) {
    const isPart = other.startsWith(`${name}.`) && /^[0-9a-z]+\.part$/.test(other.slice(name.length + 1));
    if (isPart && (other !== own || checksum === undefined)) await rm(join(dirname(target), other), { force: true });
  }
  return join(dirname(target), own);
}

/** One try: asks for what is missing and appends it. */
async function continuePart(task: Download, part: string, known: Known): Promise<void> {
  const handle = await open(part, 'a+');
  try {
    let { size: have } = await handle.stat();
    if (known.size !== undefined && have > known.size) {
      await handle.truncate(0);
      have = 0;
    }
    if (known.size !== undefined && have === known.size && have > 0) return;
    const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
    if (have > 0 && known.etag !== undefined) headers['if-range'] = known.etag;
    const answer = await get(task.hub, task.url, task.file.path, headers);
    try {
      const start = startOf(answer, have, known);
      if (start !== have) await handle.truncate(0);
      if (start === undefined) {
        throw new TransientFailure(`${task.file.path}: the server cannot continue at byte ${have}`);
      }
      learn(answer, known, start, task.file);
      await append(task, handle, answer, start, known);
      await handle.sync();
    } finally {
      await answer.discard();
    }
  } finally {
    await handle.close();
  }
}

/** Byte that the answer starts with: `have` where the server continues, 0 where it starts anew, undefined where neither. */
function startOf(answer: Answer, have: number, known: Known): number | undefined {
  if (answer.status === 200) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '');
  if (answer.status !== 206 || range === null || Number(range[1]) !== have) return undefined;
  const total = range[2] === '*' ? undefined : Number(range[2]);
  return known.size === undefined || total === undefined || total === known.size ? have : undefined;
}

/** Takes size and checksum from the headers, where the listing did not give them. */
function learn(answer: Answer, known: Known, start: number, file: RemoteFile): void {
  const etag = answer.headers.get('etag');
  known.etag = etag !== null && !etag.startsWith('W/') ? etag : undefined;
  if (file.checksum === undefined) known.checksum = checksumOf(answer.hubEtag);
  const length = answer.headers.get('content-length');
  if (file.size === undefined) known.size = length === null ? undefined : start + Number(length);
}

async function append(task: Download, handle: FileHandle, answer: Answer, start: number, known: Known): Promise<void> {
  const { path } = task.file;
  const totalBytes = known.size ?? null;
  let bytes = start;
  task.onProgress({ path, bytes, totalBytes, state: 'running' });
  const cut = (what: string, cause?: unknown) => {
    const progressed = bytes > known.furthest;
    known.furthest = Math.max(known.furthest, bytes);
    return new TransientFailure(what, { cause, progressed });
  };
  try {
    for await (const chunk of answer.chunks()) {
      await handle.appendFile(chunk);
      bytes += chunk.length;
      task.onProgress({ path, bytes, totalBytes, state: 'running' });
      if (totalBytes !== null && bytes > totalBytes) return; // the check that follows says what is wrong
    }
  } catch (error) {
    throw error instanceof TransientFailure ? cut(`${path}: ${error.message}`, error) : error;
  }
  if (totalBytes !== null && bytes < totalBytes) {
    throw cut(`${path}: the line ended after ${bytes} of ${totalBytes} bytes`);
  }
}

/** What is wrong with a finished part; undefined where nothing is. */
async function fault(part: string, { size, checksum }: Known): Promise<string | undefined> {
  const { size: bytes } = await stat(part);
  if (size !== undefined && bytes !== size) return `${bytes} bytes came instead of ${size}`;
  if (checksum === undefined || (await hasChecksum(part, checksum))) return undefined;
  return `the content does not have the ${checksum.kind === 'sha256' ? 'SHA-256' : 'Git hash'} ${checksum.hex}`;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

function asDiskError(path: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (error instanceof SnugError || code === undefined) return error;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') {
    return new SnugError('HUB_WRITE', `${path}: ${messageOf(error)}`, { cause: error });
  }
  return new SnugError('DISK_FULL', `${path}: no space left on the disk`, {
    remedy: 'Free some space and run the same command again: it continues where it stopped.',
    cause: error,
  });
}
