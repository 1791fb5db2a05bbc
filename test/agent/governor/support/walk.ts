/** A ladder and signals for the governor's judgement, and a walk through simulated time. */
import { decide, type GovernorState, initialState, type Step } from '../../../../agent/governor/decide.js';
import { type Choice, planOf } from '../../../../agent/governor/plan.js';
import type { Signals } from '../../../../agent/governor/signals.js';

export const MB = 2 ** 20;
export const LOOK_MS = 500;

/** Five rungs, most accurate first: ms a text, MB of anonymous memory, MB resident. */
const rungs = [
  ['w1.00-p0.00-q32', 0.94, 20, 60, 190],
  ['w1.00-p0.00-q8', 0.938, 8, 45, 120],
  ['w0.50-p0.00-q8', 0.92, 4, 38, 90],
  ['w0.50-p0.50-q8', 0.9, 2, 34, 80],
  ['bag-q8', 0.85, 0.2, 30, 60],
] as const;

export const names = rungs.map(([profile]) => profile);

export interface ChoiceOptions {
  /** Profiles that the limits rule out. */
  readonly unfit?: readonly string[];
  readonly memoryBytes?: number | null;
}

/** The most accurate one that fits, else the lightest. */
export function choiceOf({ unfit = [], memoryBytes = null }: ChoiceOptions = {}): Choice {
  const candidates = rungs.map(([profile, accuracy, latencyMs, anonymous, resident]) => ({
    profile,
    accuracy,
    predicted: { latencyMs, rssAnonBytes: anonymous * MB, rssBytes: resident * MB },
    fits: !unfit.includes(profile),
    reason: unfit.includes(profile) ? 'needs more than is allowed' : '',
  }));
  const chosen = candidates.find(({ fits }) => fits) ?? candidates[candidates.length - 1];
  return {
    chosen: { profile: chosen.profile, reason: 'the most accurate that fits' },
    candidates,
    allowed: { memoryBytes, latencyMs: null },
  };
}

/** A board at rest with a light stream. */
export const quiet: Signals = {
  atMs: 0,
  queueDelayMs: 0,
  p95Ms: 5,
  targetMs: null,
  busyShare: 0.05,
  arrivedPerSecond: 5,
  answeredPerSecond: 5,
  memoryStallShare: 0,
  cpuStallShare: 0,
  stallsAreOwn: true,
  headroomBytes: 300 * MB,
  memoryBytes: 512 * MB,
  atLimit: 0,
  oom: 0,
  faultsPerSecond: 0,
  temperatureC: 50,
  throttled: false,
  cpuThrottledShare: 0,
  cutting: false,
};

export interface Moment {
  readonly atMs: number;
  /** What is served at this look. */
  readonly profile: string;
}

export interface WalkOptions {
  readonly start?: string;
  readonly pinned?: string;
  readonly choice?: (moment: Moment) => Choice;
}

export type Event = Step & { readonly atMs: number };

/** A walk through time, look by look; every step but `stay` is kept. */
export class Walk {
  readonly events: Event[] = [];
  profile: string;
  atMs = 0;
  #state: GovernorState = initialState(0);

  constructor(private readonly options: WalkOptions = {}) {
    this.profile = options.start ?? names[0];
  }

  get state(): GovernorState {
    return this.#state;
  }

  get moves() {
    return this.events.flatMap((event) => (event.kind === 'move' ? [event] : []));
  }

  /** Lets time pass with signals that may depend on the moment. */
  for(ms: number, signals: Partial<Signals> | ((moment: Moment) => Partial<Signals>) = {}): this {
    for (const endMs = this.atMs + ms; this.atMs < endMs; ) {
      this.atMs += LOOK_MS;
      const moment = { atMs: this.atMs, profile: this.profile };
      const now = typeof signals === 'function' ? signals(moment) : signals;
      const choice = this.options.choice?.(moment) ?? choiceOf();
      const { pinned } = this.options;
      const plan = planOf(choice, { current: this.profile, ...(pinned && { pinned }) });
      const { state, step } = decide(this.#state, { ...quiet, ...now, atMs: this.atMs }, plan);
      this.#state = state;
      if (step.kind === 'move') this.profile = step.to;
      if (step.kind !== 'stay' || step.stuck) this.events.push({ ...step, atMs: this.atMs });
    }
    return this;
  }

  /** Time in which nobody looked. */
  asleep(ms: number): this {
    this.atMs += ms;
    return this;
  }
}
