/**
 * Datagrams to a Unix socket, which Node has not: the system's own calls [socket(2), sendto(2), unix(7)].
 */
import { endianness } from 'node:os';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const PATH_BYTES = 107;

export interface Datagrams {
  /** @throws where it could not be sent, as where the other side has not taken what came before */
  send(message: string): void;
  close(): void;
}

/** @param path a file, or a name in the abstract namespace behind an `@` @throws where the system gives no socket */
export async function datagramsTo(path: string): Promise<Datagrams> {
  // Loaded only where somebody listens.
  const { default: koffi } = await import('koffi');
  const system = koffi.load(null);
  const socket = system.func('int socket(int domain, int type, int protocol)');
  const close = system.func('int close(int fd)');
  const sendto = system.func(
    'long sendto(int fd, void *bytes, size_t size, int flags, void *address, uint32_t length)',
  );
  const address = addressOf(path);
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`no socket: error ${koffi.errno()}`);
  return {
    send(message) {
      const bytes = Buffer.from(message);
      const sent = Number(sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length));
      if (sent !== bytes.length) throw new Error(`${path} takes nothing: error ${koffi.errno()}`);
    },
    close: () => void close(fd),
  };
}

/** struct sockaddr_un: the family, then the path; in the abstract namespace it begins with a zero byte and has no end but its length. */
function addressOf(path: string): Buffer {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_BYTES + 1) throw new Error(`${path} is longer than a socket's path may be`);
  const family = Buffer.alloc(2);
  if (endianness() === 'LE') family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  return Buffer.concat([family, name]);
}
