/** A small hub on a free port, and a second host that keeps the large files; both can be made to misbehave. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type FixtureName, fixtures } from '../support.js';

export const commit = 'c0ffee'.padEnd(40, '0');

export interface Request {
  readonly host: 'hub' | 'store';
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
}

export interface HubSettings {
  readonly files: Map<string, Buffer>;
  /** Token that every request to the hub must bring. */
  token?: string;
  /** Whether the listing gives sizes and checksums. */
  blobs?: boolean;
  /** Large files are given by the second host, as hubs do. */
  redirect?: boolean;
  /** Changes the listing before it is sent. */
  listing?: (listing: Record<string, unknown>) => unknown;
  /** Answers a file in a way of its own; returns false to leave it to the server. `nth` counts this file's requests from 1. */
  misbehave?: (given: {
    path: string;
    content: Buffer;
    nth: number;
    request: IncomingMessage;
    response: ServerResponse;
  }) => boolean;
}

export interface RunningHub {
  readonly endpoint: string;
  readonly requests: Request[];
  readonly settings: HubSettings;
  /** Requests for files by path, the listing left out. */
  asked(path: string): Request[];
}

const isLarge = (path: string) => path.endsWith('.safetensors');
export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
export const gitSha1 = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/** All files of a fixture, and some that nobody needs. */
export async function filesOf(name: FixtureName): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(join(fixtures, name), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'expected.json') continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(join(fixtures, name).length + 1), await readFile(path));
  }
  for (const path of ['pytorch_model.bin', 'onnx/model.onnx', '.gitattributes', 'data_config.json'])
    files.set(path, Buffer.from(path));
  return files;
}

export async function startHub(t: ExecutionContext, settings: HubSettings): Promise<RunningHub> {
  const requests: Request[] = [];
  const counts = new Map<string, number>();
  const note = (host: Request['host'], path: string, { headers }: IncomingMessage) =>
    requests.push({
      host,
      path,
      range: headers.range,
      ifRange: headers['if-range'] as string | undefined,
      authorization: headers.authorization,
    });

  const give = (path: string, request: IncomingMessage, response: ServerResponse) => {
    const content = settings.files.get(path);
    if (content === undefined) return void response.writeHead(404).end();
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    if (settings.misbehave?.({ path, content, nth, request, response })) return;
    sendContent(
      request,
      response,
      content,
      isLarge(path) ? `"store-${sha256(content).slice(0, 8)}"` : `"${gitSha1(content)}"`,
    );
  };

  const store = await listening(t, (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname.slice('/store/'.length));
    note('store', path, request);
    give(path, request, response);
  });

  const hub = await listening(t, (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const path = decodeURIComponent(url.pathname).replace(/^\/owner\/tiny\/resolve\/[^/]+\//, '');
    note('hub', path, request);
    if (settings.token !== undefined && request.headers.authorization !== `Bearer ${settings.token}`)
      return void response.writeHead(401).end();
    if (url.pathname.startsWith('/api/models/')) {
      if (!url.pathname.startsWith('/api/models/owner/tiny/revision/')) return void response.writeHead(404).end();
      return void response.end(JSON.stringify(listingOf(settings)));
    }
    const content = settings.files.get(path);
    if (content === undefined || !isLarge(path)) return give(path, request, response);
    const linked = {
      'x-linked-etag': `"${sha256(content)}"`,
      'x-linked-size': content.length,
      'x-repo-commit': commit,
    };
    if (settings.redirect === false) {
      for (const [key, value] of Object.entries(linked)) response.setHeader(key, value);
      return give(path, request, response);
    }
    response
      .writeHead(302, { ...linked, location: `${store}/store/${encodeURIComponent(path)}?signature=secret` })
      .end();
  });
  return { endpoint: hub, requests, settings, asked: (path) => requests.filter((request) => request.path === path) };
}

function listingOf(settings: HubSettings): unknown {
  const siblings = [...settings.files].map(([path, content]) => {
    if (settings.blobs === false) return { rfilename: path };
    if (isLarge(path))
      return {
        rfilename: path,
        size: content.length,
        blobId: 'a'.repeat(40),
        lfs: { sha256: sha256(content), size: content.length, pointerSize: 130 },
      };
    return { rfilename: path, size: content.length, blobId: gitSha1(content) };
  });
  const listing = { id: 'owner/tiny', sha: commit, siblings };
  return settings.listing === undefined ? listing : settings.listing(listing);
}

/** A well-behaved answer: ranges, and If-Range with a strong entity tag. */
export function sendContent(request: IncomingMessage, response: ServerResponse, content: Buffer, etag: string): void {
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = Number(asked?.[1] ?? 0);
  const unchanged = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  response.setHeader('etag', etag);
  if (asked === null || !unchanged)
    return void response.writeHead(200, { 'content-length': content.length }).end(content);
  if (start >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response
    .writeHead(206, { 'content-range': range, 'content-length': content.length - start })
    .end(content.subarray(start));
}

/** Promises everything from `start` on, sends `bytes` of it and cuts the line. */
export function cutAfter(request: IncomingMessage, response: ServerResponse, content: Buffer, bytes: number): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': content.length - start,
    ...(start > 0 ? { 'content-range': range } : {}),
  });
  response.write(content.subarray(start, start + bytes), () => setImmediate(() => response.destroy()));
}

/** A server on a free port that ends with the test; returns its origin. */
export async function listening(
  t: ExecutionContext,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
