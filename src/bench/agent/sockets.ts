/** Writers of lines to the agent's Unix sockets: as fast as it reads, or one line at a time at a given rate. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Writes lines to all sockets until `going` says no, waiting where the agent does. */
export async function flood(paths: readonly string[], line: () => string, going: () => boolean): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const socket = await connected(path);
      let drained: Promise<unknown> | undefined;
      while (going()) {
        const chunk = Array.from({ length: 64 }, line).join('\n');
        if (!socket.write(`${chunk}\n`)) {
          drained ??= once(socket, 'drain').finally(() => {
            drained = undefined;
          });
          await Promise.race([drained, pause(1000)]);
        }
        await pause(1);
      }
      socket.destroy();
    }),
  );
}

/** Writes one line at a time, to the sockets in turn, so many a second; tells each line as it is written. */
export async function drip(
  paths: readonly string[],
  lines: readonly string[],
  perSecond: number,
  onWritten: (line: string) => void,
): Promise<void> {
  const sockets = await Promise.all(paths.map(connected));
  const startedMs = performance.now();
  for (const [at, line] of lines.entries()) {
    const waitMs = startedMs + (at * 1000) / perSecond - performance.now();
    if (waitMs > 0) await pause(waitMs);
    onWritten(line);
    sockets[at % sockets.length].write(`${line}\n`);
  }
  await pause(500);
  for (const socket of sockets) socket.destroy();
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
