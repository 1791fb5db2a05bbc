/** This board with the choice by its limits: what the ladder's profiles cost here stands behind it. */
import { openBundle } from '../../src/bundle/index.js';
import { Advisor } from '../../src/fit/index.js';
import type { Limits } from '../../src/profile/index.js';
import type { AgentConfig } from '../config/index.js';
import type { Log } from '../log.js';
import { type BoardView, probedBoard } from './board.js';

/** Measures the board where nothing is known of it, up to three seconds. @throws BUNDLE_… */
export async function advisedBoard(config: AgentConfig, log: Log): Promise<BoardView<Limits>> {
  const advisor = await Advisor.open(await openBundle(config.bundle), {
    threads: config.threads,
    wishes: config.limits,
    onNote: (note) => log.info(note),
    onProgress: (what) => log.debug(what),
  });
  return probedBoard((limits, demand) => advisor.chooseHere(limits, demand));
}
