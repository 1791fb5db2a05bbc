/**
 * Text by HTTP POST: a body's records are framed as a file's would be. The answer comes once they are kept (200), so that a
 * sender who got none may send again; until then it waits.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf } from '../../src/errors/index.js';
import { addressOf } from './address.js';
import { Retry } from './retry.js';
import type { ReadPosition, Source, SourceSink } from './source.js';

export const DEFAULT_BODY_BYTES = 1024 * 1024;
const DEFAULT_CONNECTIONS = 64;
/** What all bodies together may hold, beside the largest one. */
const HELD_BYTES = 8 * 1024 * 1024;
/** How long a sender may take to send its head and its body, and how long it is kept waiting for an answer. */
const HEAD_MS = 10_000;
const BODY_MS = 60_000;
const ANSWER_MS = 30_000;
/** How long an end waits for what was taken to be kept. */
const LAST_ANSWERS_MS = 800;

export interface HttpOptions {
  readonly listen: string;
  readonly token?: string;
  readonly maxBodyBytes?: number;
  readonly maxConnections?: number;
}

interface Unanswered {
  readonly number: number;
  readonly response: ServerResponse;
  readonly timer: NodeJS.Timeout;
}

export class HttpSource implements Source {
  readonly kind = 'http';
  readonly canWait = true;
  readonly readsAgain = false;
  readonly #retry = new Retry();
  #server: Server | undefined;
  #opening: Promise<void> | undefined;
  /** Bodies are handed on one after the other, and numbered so. */
  #handing: Promise<void> = Promise.resolve();
  #number = 0;
  /** Bytes of bodies that are being read or wait to be handed on. */
  #heldBytes = 0;
  #unanswered: Unanswered[] = [];
  #allAnswered: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly options: HttpOptions,
  ) {}

  start(sink: SourceSink): Promise<void> {
    this.#opening = this.#listen(sink);
    return this.#opening;
  }

  async stop(): Promise<void> {
    this.#retry.end();
    await this.#opening;
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if (this.#unanswered.length > 0) await this.#waitForAnswers();
    this.#server = undefined;
    for (const { response, timer } of this.#unanswered.splice(0)) {
      clearTimeout(timer);
      answer(response, 503, 'the agent is ending');
    }
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), 200);
    await closed;
    clearTimeout(cut);
  }

  /** What was taken is being answered meanwhile: who waits for it need not send it again. */
  async #waitForAnswers(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LAST_ANSWERS_MS);
      this.#allAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  kept({ request }: ReadPosition): void {
    while (this.#unanswered.length > 0 && this.#unanswered[0].number <= Number(request)) {
      const [{ response, timer }] = this.#unanswered.splice(0, 1);
      clearTimeout(timer);
      answer(response, 200, 'kept');
    }
    if (this.#unanswered.length === 0) this.#allAnswered();
  }

  async #listen(sink: SourceSink): Promise<void> {
    const { createServer } = await import('node:http'); // some MB that an agent without such a source does not need
    const server = createServer((request, response) => void this.#take(request, response, sink));
    server.maxConnections = this.options.maxConnections ?? DEFAULT_CONNECTIONS;
    server.headersTimeout = HEAD_MS;
    server.requestTimeout = BODY_MS;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(addressOf(this.options.listen), resolve);
      });
    } catch (error) {
      if (this.#retry.ended) return;
      sink.lost(messageOf(error));
      this.#retry.later(() => void this.start(sink));
      return;
    }
    this.#server = server;
    this.#retry.worked();
    sink.back();
  }

  async #take(request: IncomingMessage, response: ServerResponse, sink: SourceSink): Promise<void> {
    request.on('error', () => undefined); // a sender that went away
    response.on('error', () => undefined);
    const refused = this.#refusal(request);
    if (refused !== undefined) {
      answer(response, ...refused);
      return;
    }
    const body = await this.#bodyOf(request);
    if (!Buffer.isBuffer(body)) {
      if (body !== undefined) answer(response, ...body);
      return;
    }
    this.#handing = this.#handing
      .then(() => this.#hand(body, response, sink))
      .finally(() => {
        this.#heldBytes -= body.length;
      });
  }

  /** Gives a body to the sink. Its number is known as kept once all of it is. */
  async #hand(body: Buffer, response: ServerResponse, sink: SourceSink): Promise<void> {
    if (this.#server === undefined) {
      answer(response, 503, 'the agent is ending');
      return;
    }
    const number = ++this.#number;
    const timer = setTimeout(() => {
      this.#unanswered = this.#unanswered.filter((each) => each.number !== number);
      response.setHeader('retry-after', '5');
      answer(response, 503, 'not kept yet; it may be all the same');
    }, ANSWER_MS);
    this.#unanswered.push({ number, response, timer });
    await sink.bytes(body, (bytes) => ({ request: bytes < body.length ? number - 1 : number }));
    sink.flush();
  }

  #refusal({ method, headers }: IncomingMessage): [status: number, why: string] | undefined {
    if (method !== 'POST') return [405, 'POST your text'];
    // A page in a browser on this machine could post here too; what a browser sends for a page names its origin.
    if (headers.origin !== undefined) return [403, 'not from a browser'];
    if (headers['content-encoding'] !== undefined) return [415, 'send the text as it is, not compressed'];
    const { token } = this.options;
    if (token !== undefined && !equal(headers.authorization ?? '', `Bearer ${token}`))
      return [401, 'a token is needed'];
    if (Number(headers['content-length'] ?? 0) > this.#mostBytes)
      return [413, `a body may have ${this.#mostBytes} bytes`];
    return undefined;
  }

  get #mostBytes(): number {
    return this.options.maxBodyBytes ?? DEFAULT_BODY_BYTES;
  }

  /** The body, or why it is refused; undefined where the sender went away. Its bytes are held until it is handed on. */
  async #bodyOf(request: IncomingMessage): Promise<Buffer | [status: number, why: string] | undefined> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let refused: [status: number, why: string] | undefined;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        this.#heldBytes += chunk.length;
        chunks.push(chunk);
        if (bytes > this.#mostBytes) refused = [413, `a body may have ${this.#mostBytes} bytes`];
        else if (this.#heldBytes > HELD_BYTES + this.#mostBytes) refused = [503, 'too many bodies at a time'];
        if (refused !== undefined) break;
      }
      if (refused === undefined) return Buffer.concat(chunks);
    } catch {
      // the sender went away
    }
    this.#heldBytes -= bytes;
    return refused;
  }
}

function answer(response: ServerResponse, status: number, message: string): void {
  if (response.writableEnded || response.destroyed) return;
  const ok = status === 200;
  // What was not read of a refused body would be taken for the next request.
  response.writeHead(status, { 'content-type': 'application/json', ...(!ok && { connection: 'close' }) });
  response.end(`${JSON.stringify(ok ? { [message]: true } : { error: message })}\n`);
}

function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
