/** This board with the choice by its limits: what the ladder's profiles cost here stands behind it. */
import { openBundle } from '../../src/bundle/index.js';
import { messageOf } from '../../src/errors/index.js';
import { Advisor } from '../../src/fit/index.js';
import type { Limits } from '../../src/profile/index.js';
import type { AgentConfig } from '../config/index.js';
import type { Log } from '../log.js';
import type { Profiles } from '../profiles/index.js';
import { type BoardView, probedBoard, usualBoard } from './board.js';

/** Measures the board where nothing is known of it, up to three seconds. @throws BUNDLE_… */
export async function advisedBoard(config: AgentConfig, log: Log): Promise<BoardView<Limits>> {
  const advisor = await Advisor.open(await openBundle(config.bundle), {
    threads: config.threads,
    wishes: config.limits,
    onNote: (note) => log.info(note),
    onProgress: (what) => log.debug(what),
  });
  return {
    ...probedBoard((limits, demand) => advisor.chooseHere(limits, demand)),
    learn: (profile, { p50Tokens, p50Ms, rssAnonBytes, rssBytes }) =>
      advisor.learn(profile, { tokens: p50Tokens, latencyMs: p50Ms, rssAnonBytes, rssBytes }),
  };
}

/**
 * The usual profile at once, for whoever can't wait for a board to be measured; the choice by its limits once that is done, beside
 * the stream, from the governor's first look on.
 */
export function soonAdvisedBoard(profiles: Profiles, config: AgentConfig, log: Log): BoardView<Limits> {
  const usual = usualBoard(profiles);
  let advised: BoardView<Limits> | undefined;
  let looks = 0;
  const measure = () =>
    advisedBoard(config, log).then(
      (board) => {
        advised = board;
      },
      (error: unknown) => log.warn(`this board could not be measured: ${messageOf(error)}`),
    );
  return {
    ...usual,
    choose: (limits, demand) => {
      if (looks++ === 1) void measure();
      return (advised ?? usual).choose(limits, demand);
    },
    learn: async (profile, measured) => advised?.learn?.(profile, measured),
  };
}
