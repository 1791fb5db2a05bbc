/** Faults that a board's surroundings must be made for: a small disk, a clock that can be stepped, a limit of memory. */
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlGroup } from '../control-group.js';
import { aMoment, between, type Fault } from './faults.js';

/** For a board whose state folder is on a small disk of its own. */
export const fullDisk: Fault = {
  name: 'full-disk',
  what: 'a disk that is full for up to 4 s, with the link cut or the agent killed in the middle of it',
  async once(board, random) {
    await aMoment(random);
    const ballast = join(board.stateDir, '..', 'ballast');
    await fill(ballast);
    await pause(between(random, 200, 2000));
    if (random() < 0.5) {
      await board.door.shut();
      await pause(between(random, 200, 1500));
      await board.door.open();
    } else {
      await board.kill();
      board.start();
      await pause(between(random, 200, 2000));
    }
    await rm(ballast, { force: true });
    await pause(500);
  },
};

/** Takes all room that is left. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let bytes = 64 * 1024; bytes >= 1; bytes /= 2)
      try {
        for (;;) await file.write(Buffer.alloc(bytes, 0x78));
      } catch {
        // no room for so many
      }
  } finally {
    await file.close();
  }
}

/** For a board that was started with `stepping-clock.js` before all else, and `SNUG_CLOCK_FILE` set to this file. */
export const stepClock = (file: string): Fault => ({
  name: 'step-clock',
  what: 'the time of day stepped both ways, by seconds up to a year, with the link cut in every other turn',
  async once(board, random) {
    await aMoment(random);
    const stepMs = 10 ** between(random, 3, 10.5);
    await writeFile(file, String(Math.round(random() < 0.5 ? stepMs : -stepMs)));
    if (random() < 0.5) return;
    await board.door.shut();
    await pause(between(random, 200, 1500));
    await board.door.open();
  },
});

/** For a board in a group of its own. The kernel kills the agent, or takes back its pages again and again. */
export const shortOfMemory = (group: ControlGroup): Fault => ({
  name: 'memory-limit',
  what: 'a limit of memory below what the agent has, for up to 6 s',
  async once(_board, random) {
    await aMoment(random);
    group.squeeze(between(random, 0.3, 0.9));
    await pause(between(random, 1000, 6000));
    group.setMemory(null);
  },
});
