/** Faults that an agent meets in the field, each done to a running board so many times, with records coming all the while. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Board } from './board.js';

export interface Fault {
  readonly name: string;
  readonly what: string;
  /** Does it once; the board may be left without agent or broker, `mend` brings them back. */
  once(board: Board, random: () => number): Promise<void>;
}

export const between = (random: () => number, from: number, to: number) => from + random() * (to - from);

/** A moment in which records come and are sent. */
export const aMoment = (random: () => number) => pause(between(random, 200, 2000));

export const faults: readonly Fault[] = [
  {
    name: 'kill-agent',
    what: 'kill -9 of the agent at a random moment',
    async once(board, random) {
      await aMoment(random);
      await board.kill();
      board.start();
    },
  },
  {
    name: 'kill-broker',
    what: 'kill -9 of the broker, back after up to 1.5 s',
    async once(board, random) {
      await aMoment(random);
      await board.killBroker();
      await pause(between(random, 0, 1500));
      await board.restartBroker();
    },
  },
  {
    name: 'cut-link',
    what: 'the connection cut, back after up to 1.5 s',
    async once(board, random) {
      await aMoment(random);
      await board.door.shut();
      await pause(between(random, 0, 1500));
      await board.door.open();
    },
  },
  {
    name: 'hang-link',
    what: 'a link that passes nothing on and says nothing, for up to 9 s, then cut',
    async once(board, random) {
      await aMoment(random);
      board.door.weather = 'hanging';
      await pause(between(random, 500, 9000));
      board.door.weather = 'clear';
      await board.door.shut();
      await board.door.open();
    },
  },
  {
    name: 'slow-link',
    what: 'a link that passes every chunk on late, for up to 3 s',
    async once(board, random) {
      await aMoment(random);
      board.door.weather = 'slow';
      await pause(between(random, 500, 3000));
      board.door.weather = 'clear';
    },
  },
  {
    name: 'late-link',
    what: 'a connection that is replaced by a newer one while its last 2.5 s are still on their way to the broker',
    async once(board, random) {
      await aMoment(random);
      board.door.weather = 'late';
      await pause(between(random, 200, 2500));
      board.door.weather = 'clear';
      board.door.cutNear();
      await pause(3000);
    },
  },
  {
    name: 'kill-both',
    what: 'kill -9 of broker and agent, the broker back last',
    async once(board, random) {
      await aMoment(random);
      await board.killBroker();
      await pause(between(random, 0, 1000));
      await board.kill();
      board.start();
      await pause(between(random, 0, 2000));
      await board.restartBroker();
    },
  },
  {
    name: 'damaged-state',
    what: 'kill -9, then every file of the state folder cut short or a byte of it flipped, the outbox left out',
    async once(board, random) {
      await aMoment(random);
      await board.kill();
      for (const name of await readdir(board.stateDir)) {
        const path = join(board.stateDir, name);
        if (!(await stat(path)).isFile()) continue;
        const bytes = await readFile(path);
        if (bytes.length === 0) continue;
        if (random() < 0.5) bytes[Math.floor(random() * bytes.length)] ^= 0xff;
        await writeFile(path, random() < 0.5 ? bytes : bytes.subarray(0, Math.floor(random() * bytes.length)));
      }
      board.start();
    },
  },
  {
    name: 'damaged-outbox',
    what: 'kill -9 of an agent that is online, then a file of the outbox cut short or a byte of it flipped',
    async once(board, random) {
      await aMoment(random);
      await board.online();
      await board.kill();
      const folder = join(board.stateDir, 'outbox');
      const entries = await readdir(folder, { withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && entry.name !== 'LOCK' && !entry.name.startsWith('LOG'));
      const path = join(folder, files[Math.floor(random() * files.length)].name);
      const bytes = await readFile(path);
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] ^= 0xff;
      await writeFile(path, random() < 0.5 ? bytes : bytes.subarray(0, Math.floor(random() * bytes.length)));
      board.start();
    },
  },
];

export interface Outcome {
  readonly fault: Fault;
  readonly times: number;
  readonly records: number;
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

/** Does a fault so many times to a board whose agent is online, and accounts for every record. */
export async function suffer(
  board: Board,
  fault: Fault,
  times: number,
  random: () => number,
  options: { readonly perSecond?: number; readonly onDone?: (done: number) => void } = {},
): Promise<Outcome> {
  board.feed(options.perSecond ?? 25);
  for (let done = 0; done < times; done++) {
    await fault.once(board, random);
    if (!board.running) board.start(); // what a supervisor does
    options.onDone?.(done + 1);
  }
  await board.quiet();
  const account = await board.account();
  return { fault, times, ...account };
}
