/**
 * The embedded MQTT 5 broker (aedes), for the demo, for tests and for a bench without Mosquitto. Everything is in memory:
 * retained messages and sessions end with the process. A production fleet uses Mosquitto.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';

export interface BrokerOptions {
  /** Default 127.0.0.1: other machines are let in only where the caller says so. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the port is taken, take one of the next twenty instead of failing. */
  readonly orNextFree?: boolean;
  /** Where given, every client must show both. */
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. With `ca`, clients must show a certificate that it signed. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
}

export interface Broker {
  readonly host: string;
  /** The port that it listens on. */
  readonly port: number;
  /** `mqtt://host:port`, or `mqtts://…` with TLS. */
  readonly url: string;
  /** How many clients are connected now. */
  clients(): number;
  /** Takes no more connections, ends those that are open, resolves when the port is free. May be called twice. */
  close(): Promise<void>;
}

/** Longer packets end the connection. Well above the contract's 256 KiB, so that a reader can answer "too long". */
const LONGEST_PACKET_BYTES = 1024 * 1024;
const PORTS_TO_TRY = 20;

/** Starts a broker. Throws `BROKER_PORT` where it can't listen, `BROKER_TLS` where the TLS files are no good. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const host = options.host ?? '127.0.0.1';
  const aedes = await Aedes.createBroker({
    maximumPacketSize: LONGEST_PACKET_BYTES,
    maxClientsIdLength: 256, // the client id is the device's name; the default of 23 is MQTT 3.1's
    sessionExpiryIntervalLimit: 3600, // sessions are in memory: they must not pile up
    pendingSessionsLimit: 10_000,
    ...(options.username !== undefined && {
      authenticate: (_client, username, password, done) => {
        const known =
          same(username ?? '', options.username ?? '') && same(password?.toString() ?? '', options.password ?? '');
        // 4: "bad user name or password"; said in the CONNACK, so that the client can tell why
        done(known ? null : Object.assign(new Error('bad user name or password'), { returnCode: 4 }), known);
      },
    }),
  });
  const sockets = new Set<Socket>();
  const handle = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  };
  let server: Server;
  try {
    server = options.tls
      ? createTlsServer({ ...options.tls, requestCert: Boolean(options.tls.ca), rejectUnauthorized: true }, handle)
      : createTcpServer(handle);
  } catch (cause) {
    await closeAedes(aedes);
    throw new SnugError('BROKER_TLS', `broker: the TLS key or certificate is no good: ${messageOf(cause)}`, { cause });
  }
  let port: number;
  try {
    port = await listenFrom(server, host, options.port, options.orNextFree ? PORTS_TO_TRY : 1);
  } catch (error) {
    await closeAedes(aedes);
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    host,
    port,
    url: `${options.tls ? 'mqtts' : 'mqtt'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    clients: () => aedes.connectedClients,
    close: () => {
      closing ??= (async () => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        await closeAedes(aedes);
        for (const socket of sockets) socket.destroy(); // those that never sent a CONNECT
        await closed;
      })();
      return closing;
    },
  };
}

function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(resolve));
}

/** Equal, in a time that tells nothing of where two texts differ. */
function same(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function listenFrom(server: Server, host: string, wanted: number, tries: number): Promise<number> {
  for (let port = wanted; ; port++) {
    try {
      return await listen(server, host, port);
    } catch (cause) {
      const taken = systemCodeOf(cause) === 'EADDRINUSE';
      const forbidden = systemCodeOf(cause) === 'EACCES';
      if (taken && port - wanted + 1 < tries && port < 65_535) continue;
      const why = taken
        ? 'is taken'
        : forbidden
          ? 'may not be listened on by this user'
          : `can't be listened on: ${messageOf(cause)}`;
      throw new SnugError('BROKER_PORT', `broker: port ${port} on ${host} ${why}`, {
        cause,
        ...(forbidden && { remedy: 'Choose a port above 1023 with --port.' }),
      });
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
