/** One request to a hub: redirects followed by hand, so that the token goes to the hub alone and nowhere else. */
import { messageOf, SnugError, systemCodeOf } from '../../errors/index.js';
import { TransientFailure } from './retry.js';

export interface Hub {
  readonly endpoint: URL;
  /** Sent to the endpoint's own origin only; never part of a message. */
  readonly token?: string;
  /** Longest silence of the server, in ms. */
  readonly stallMs: number;
}

const mostRedirects = 5;
const transientStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A URL as a message may show it: what follows `?` can be a signature that opens the file. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`;

/** The last response of a chain of redirects. Read it, or `discard` it. */
export class Answer {
  constructor(
    readonly status: number,
    /** Headers of the response that carries the bytes. */
    readonly headers: Headers,
    /** Entity tag that the hub itself gave, of the file rather than of the way it is stored. */
    readonly hubEtag: string | undefined,
    private readonly response: Response,
    private readonly silence: Silence,
    private readonly url: URL,
  ) {}

  /** The body in pieces. @throws TransientFailure where the line is cut or falls silent */
  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      if (this.response.body === null) return;
      for await (const chunk of this.response.body) {
        this.silence.broken();
        yield chunk;
      }
    } catch (cause) {
      throw connectionFailure(this.url, cause);
    } finally {
      this.silence.end();
    }
  }

  /** The whole body as text, at most `limit` bytes. */
  async text(limit: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of this.chunks()) {
      bytes += chunk.length;
      if (bytes > limit) throw new SnugError('HUB_LISTING', `${shown(this.url)}: more than ${limit} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async discard(): Promise<void> {
    this.silence.end();
    await this.response.body?.cancel().catch(() => {});
  }
}

/** Aborts a request when nothing has come for a while. */
class Silence {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(longestMs: number) {
    const stalled = () => this.controller.abort(new Error(`nothing came for ${longestMs / 1000} s`));
    this.timer = setTimeout(stalled, longestMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  broken(): void {
    this.timer.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

/**
 * Sends a GET and follows redirects. Successful and 416 answers are returned.
 * @param what repository or file, as errors name it
 * @throws TransientFailure, HUB_ACCESS, HUB_NOT_FOUND, HUB_UNREACHABLE
 */
export async function get(hub: Hub, url: URL, what: string, headers: Record<string, string> = {}): Promise<Answer> {
  let at = url;
  let linkedEtag: string | undefined;
  let ownEtag: string | undefined;
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const atHub = at.origin === hub.endpoint.origin;
    const silence = new Silence(hub.stallMs);
    const response = await send(hub, at, headers, atHub, silence);
    if (atHub) {
      linkedEtag ??= plainEtag(response.headers.get('x-linked-etag'));
      ownEtag = plainEtag(response.headers.get('etag')) ?? ownEtag;
    }
    const answer = new Answer(response.status, response.headers, linkedEtag ?? ownEtag, response, silence, at);
    if (response.ok || response.status === 416) return answer;
    await answer.discard();
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) throw refusal(hub, response, what);
    at = redirected(at, location);
  }
  throw new SnugError('HUB_UNREACHABLE', `${what}: more than ${mostRedirects} redirects from ${shown(url)}`);
}

async function send(
  hub: Hub,
  url: URL,
  headers: Record<string, string>,
  atHub: boolean,
  silence: Silence,
): Promise<Response> {
  const authorization: Record<string, string> =
    atHub && hub.token !== undefined ? { authorization: `Bearer ${hub.token}` } : {};
  // Compressed on the way, byte positions and lengths would mean something else.
  const all = { 'user-agent': 'snug', 'accept-encoding': 'identity', ...headers, ...authorization };
  try {
    const response = await fetch(url, { headers: all, redirect: 'manual', signal: silence.signal });
    silence.broken();
    return response;
  } catch (cause) {
    silence.end();
    throw connectionFailure(url, cause);
  }
}

function redirected(from: URL, location: string): URL {
  let to: URL;
  try {
    to = new URL(location, from);
  } catch (cause) {
    throw new SnugError('HUB_UNREACHABLE', `${shown(from)} redirects to what is no URL`, { cause });
  }
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw new SnugError('HUB_UNREACHABLE', `${shown(from)} redirects to ${to.protocol}, which is not safe to follow`);
}

function refusal(hub: Hub, { status, headers }: Response, what: string): Error {
  if (transientStatuses.has(status)) {
    const seconds = Number(headers.get('retry-after'));
    const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
    return new TransientFailure(`${what}: ${hub.endpoint.host} answered ${status}`, { retryAfterMs });
  }
  const token = hub.token === undefined ? 'without a token (HF_TOKEN is unset)' : 'with the token in HF_TOKEN';
  if (status === 401 || status === 403) {
    return new SnugError('HUB_ACCESS', `${what}: ${hub.endpoint.host} gives no access ${token} (${status})`);
  }
  if (status === 404 || status === 410) {
    return new SnugError('HUB_NOT_FOUND', `${what}: not found on ${hub.endpoint.host} ${token} (${status})`);
  }
  return new SnugError('HUB_UNREACHABLE', `${what}: ${hub.endpoint.host} answered ${status}`);
}

/** `fetch` hides what happened in the cause of its error. */
function connectionFailure(url: URL, cause: unknown): TransientFailure {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  const why = [messageOf(inner), systemCodeOf(inner)].filter(Boolean).join(', ');
  return new TransientFailure(`${shown(url)}: ${why}`, { cause });
}

/** An entity tag without quotes and weakness. */
function plainEtag(header: string | null): string | undefined {
  return header?.replace(/^W\//, '').replaceAll('"', '') || undefined;
}
