/** The agent's model: the first profile chosen and loaded, exchanged while the stream runs, governed, and commanded. */
import { SnugError } from '../src/errors/index.js';
import type { Model } from '../src/infer/types.js';
import { processMemory } from '../src/profile/process-memory.js';
import type { Clock } from './clock.js';
import type { AgentConfig } from './config/index.js';
import {
  type Beginning,
  type BoardView,
  beginningOf,
  type Choice,
  Governor,
  giveBack,
  killCounts,
  LastRun,
} from './governor/index.js';
import { HotSwap } from './hot-swap.js';
import type { Log } from './log.js';
import type { Pipeline } from './pipeline.js';
import { benchmark } from './profiles/benchmark.js';
import type { ProfileAnswer, ProfileControl } from './profiles/control.js';
import type { Profiles } from './profiles/index.js';

export interface ServingParts {
  readonly config: AgentConfig;
  readonly openProfiles: (config: AgentConfig) => Promise<Profiles>;
  /** What the board allows and feels, and the choice under that. */
  readonly boardOf: (profiles: Profiles, config: AgentConfig, log: Log) => BoardView | Promise<BoardView>;
  readonly clock: Clock;
  readonly log: Log;
  /** Why the agent begins with a smaller profile than it would; left out where nothing speaks against that. */
  readonly careful?: string;
}

/** What is known once the first model is in memory. */
export interface Opened {
  readonly model: Model;
  readonly profiles: Profiles;
  readonly board: BoardView;
  readonly limits: object;
  readonly choice: Choice;
  readonly beginning: Beginning;
  readonly lastRun: LastRun;
  /** Anonymous memory of the process before the model. */
  readonly baseAnonBytes: number | null;
}

/** Opens the bundle, chooses, cuts where the cache has nothing, loads. @throws BUNDLE_…, PROFILE_…, CACHE_WRITE, DISK_FULL, MODEL_LOAD */
export async function openModel({ config, openProfiles, boardOf, log, careful }: ServingParts): Promise<Opened> {
  const profiles = await openProfiles(config);
  const board = await boardOf(profiles, config, log);
  const limits = board.readLimits();
  const choice = board.choose(limits, { textsPerSecond: 0 });
  const { oomKillCount, memoryLimitBytes } = board.readPressure();
  const lastRun = new LastRun(config.stateDir, log);
  const beginning = beginningOf({
    choice,
    configured: config.profile,
    bundle: profiles.identity,
    last: await lastRun.read(),
    kills: killCounts(oomKillCount),
    memoryBytes: memoryLimitBytes ?? board.ramBytes,
    careful,
  });
  const { rssAnonBytes: baseAnonBytes } = processMemory();
  await profiles.prepare(beginning.profile).catch((error: unknown) => {
    if (!(error instanceof SnugError && error.code === 'CHILD_ENDED')) throw error;
    log.warn(`${error.message}; it is cut in this process instead`);
  });
  const model = await profiles.load(beginning.profile);
  return { model, profiles, board, limits, choice, beginning, lastRun, baseAnonBytes };
}

export interface GovernedParts {
  readonly pipeline: Pick<Pipeline, 'serve' | 'withhold' | 'load'>;
  readonly onEvent: (kind: string, message: string, fields: Record<string, unknown>) => void;
  readonly onStatus: () => void;
}

/** The model in a running agent. */
export class Serving {
  readonly governor: Governor;
  readonly #swap: HotSwap;
  readonly #opened: Opened;
  readonly #parts: ServingParts & GovernedParts;
  readonly #stopping = new AbortController();

  constructor(opened: Opened, parts: ServingParts & GovernedParts) {
    const { config, clock, log, pipeline, onEvent, onStatus } = parts;
    const { model, profiles, board } = opened;
    const nowMs = () => performance.now();
    const swap = new HotSwap({ model, profiles, pipeline, now: nowMs, sleep: clock.sleep });
    this.#opened = opened;
    this.#parts = parts;
    this.#swap = swap;
    this.governor = new Governor({
      ...opened,
      configured: config.profile,
      bundle: profiles.identity,
      targetMs: config.limits.maxLatencyMs ?? null,
      swap,
      readPressure: () => board.readPressure(),
      stream: () => pipeline.load(),
      majorFaults: () => process.resourceUsage().majorPageFault,
      giveBack: () => giveBack(swap),
      nowMs,
      sleep: clock.sleep,
      log,
      onEvent,
      onStatus,
    });
  }

  start(): void {
    const { killed, profile, reason } = this.#opened.beginning;
    if (killed)
      this.#parts.onEvent(
        'killed-for-memory',
        `the last run with ${killed.profile} was killed for memory: ${killed.why}`,
        {
          from: killed.profile,
          to: profile,
          cause: 'memory-kill',
          why: killed.why,
          reason,
        },
      );
    this.governor.start();
  }

  /** Ends the governor, and what it or a command does. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.governor.stop();
  }

  /** Closes the model. */
  close(): Promise<void> {
    return this.#swap.close();
  }

  get control(): ProfileControl {
    const { governor } = this;
    const { board } = this.#opened;
    const answer = (figures: object | undefined): ProfileAnswer => {
      const { profile, reason } = governor.status();
      return { profile, reason, ...figures };
    };
    return {
      pin: async (profile) => answer(await governor.pin(profile)),
      auto: async () => answer(await governor.auto()),
      benchmark: (options, progress) =>
        benchmark(
          options,
          {
            profiles: this.#opened.profiles,
            candidates: () => governor.candidates(),
            roomFor: (what) => governor.hasRoomFor(what),
            short: () => governor.isShort(),
            idle: () => this.#parts.pipeline.load().waiting === 0,
            learn: board.learn?.bind(board),
            nowMs: () => performance.now(),
            signal: this.#stopping.signal,
          },
          progress,
        ),
    };
  }
}
