/** `/healthz` and `/metrics`, on loopback or a Unix socket, only where the configuration asks for them. */
import { chmod, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { messageOf, SnugError } from '../../src/errors/index.js';
import { type Figures, metricsText } from './metrics.js';

export interface EndpointOptions {
  /** `127.0.0.1:9464`, or the path of a socket. */
  readonly listen: string;
  readonly figures: () => Figures;
  readonly trouble: () => string | undefined;
}

/** Whoever asks is one scraper or two. */
const MOST_CONNECTIONS = 16;
const REQUEST_MS = 5000;

export class Endpoint {
  readonly #options: EndpointOptions;
  #server: Server | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** Listens. Throws `HEALTH_LISTEN`. */
  async start(): Promise<void> {
    const { listen } = this.#options;
    const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      request.resume();
      this.#answer(request.method ?? '', request.url ?? '').then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(messageOf(error)),
      );
    });
    server.maxConnections = MOST_CONNECTIONS;
    this.#server = server;
    try {
      if (listen.startsWith('/')) await clearSocket(listen);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        if (listen.startsWith('/')) server.listen(listen, resolve);
        else {
          const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
          server.listen(Number(port), host, resolve);
        }
      });
      if (listen.startsWith('/')) await chmod(listen, 0o600);
    } catch (cause) {
      server.close();
      throw new SnugError('HEALTH_LISTEN', `health.listen: ${listen}: ${messageOf(cause)}`, { cause });
    }
    server.on('error', () => undefined);
    server.unref();
  }

  /** Where it listens: the port, of a loopback address. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #answer(method: string, url: string): Promise<{ status: number; type: string; body: string }> {
    const { figures, trouble } = this.#options;
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: 'text/plain', body: 'GET alone\n' };
    switch (url.split('?')[0]) {
      case '/healthz': {
        const wrong = trouble();
        const body = `${JSON.stringify(wrong === undefined ? { healthy: true } : { healthy: false, reason: wrong })}\n`;
        return { status: wrong === undefined ? 200 : 503, type: 'application/json', body };
      }
      case '/metrics':
        return { status: 200, ...(await metricsText(figures())) };
      default:
        return { status: 404, type: 'text/plain', body: '/healthz and /metrics are here\n' };
    }
  }
}

/** Takes away a socket that nobody answers at; one that somebody does is left, and listening fails by it. */
async function clearSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
    setTimeout(() => resolve(true), 1000).unref();
  });
  if (!answered) await rm(path, { force: true });
}
