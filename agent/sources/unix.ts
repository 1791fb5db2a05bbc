/** Text from whoever connects to a Unix socket, which this user alone may do. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { systemCodeOf } from '../../src/errors/index.js';
import type { Source, SourceSink } from './source.js';
import { StreamServer } from './stream-server.js';
import { DEFAULT_CONNECTIONS } from './tcp.js';

export class UnixSource implements Source {
  readonly kind = 'unix';
  readonly canWait = true;
  readonly readsAgain = false;
  #server: StreamServer | undefined;

  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly maxConnections = DEFAULT_CONNECTIONS,
  ) {}

  async start(sink: SourceSink): Promise<void> {
    const { path, maxConnections } = this;
    // The umask is not ours to change: until its mode is set, the folder is what keeps others out.
    this.#server = new StreamServer({ at: { path }, maxConnections, prepare: () => removeLeftOver(path) }, sink);
    await this.#server.start();
    await chmod(path, 0o600).catch(() => undefined); // not there yet: it could not listen
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** A socket that a process left behind when it was killed; one that somebody listens at stays. Throws where something else is there. */
async function removeLeftOver(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isSocket())
    throw new Error(
      `${path} is ${there.isDirectory() ? 'a folder' : 'a file'}, not a socket; remove it, or take another path`,
    );
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(systemCodeOf(error) !== 'ECONNREFUSED'));
  });
  if (!answers) await unlink(path).catch(() => undefined);
}
